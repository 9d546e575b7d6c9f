//! Data carried away.

pub(super) mod page_transfer;
pub(super) mod proxy_transfer;
pub(super) mod tunnel_page;
