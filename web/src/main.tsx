import { render } from "preact";
import { App } from "./app";
import { decode } from "./data";
import { goTo, StoreContext } from "./parts";
import { Store } from "./state";
import "./app.css";

async function start(): Promise<void> {
  const block = document.getElementById("data");
  const root = document.getElementById("app");
  if (!block || !root) return;
  try {
    const data = await decode(block.textContent ?? "");
    block.textContent = "";
    const store = new Store(data);
    store.bind();
    render(
      <StoreContext.Provider value={store}>
        <App />
      </StoreContext.Provider>,
      root,
    );
    document.documentElement.classList.add("live");
    contents();
    // Links within the page must not overwrite the fragment, which holds the state.
    document.addEventListener("click", (e) => {
      const link = (e.target as Element).closest?.('a[href^="#"]');
      if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
      e.preventDefault();
      goTo(link.getAttribute("href")?.slice(1) ?? "");
    });
    if (location.hash && !location.hash.includes("=")) goTo(location.hash.slice(1));
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
  } catch (error) {
    root.textContent = `The charts cannot be shown (${error instanceof Error ? error.message : "unknown error"}); all that is below does not need them.`;
  }
}

/** The list of contents names what the script shows, in place of what that stands for. */
function contents(): void {
  const list = document.querySelector("nav ul");
  if (!list) return;
  for (const old of list.querySelectorAll('[href="#requests"], [href="#countries"]')) old.parentElement?.remove();
  const shown = [
    ["kill-chain", "Kill chain"],
    ["requests-explorer", "Requests"],
    ["charts", "Charts"],
    ["world", "Map"],
  ].filter(([id]) => document.getElementById(id ?? ""));
  for (const [id = "", text = ""] of shown.reverse()) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `#${id}`;
    link.textContent = text;
    item.append(link);
    list.prepend(item);
  }
}

void start();
