// Finds pages whose text has all words; those whose title or headings have them come first.
const root = document.querySelector("script[data-root]").dataset.root;
const input = document.getElementById("search");
const list = document.getElementById("found");
let pages;

async function find() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  try {
    pages ??= await (await fetch(`${root}search.json`)).json();
  } catch {
    // From a file system the index cannot be fetched.
    list.replaceChildren(Object.assign(document.createElement("li"), { textContent: "Serve the folder to search it." }));
    return;
  }
  const items = [];
  for (const page of words.length ? pages : []) {
    if (!words.every((word) => page.text.includes(word) || page.title.toLowerCase().includes(word))) continue;
    const heading = Object.entries(page.headings).find(([, text]) => words.every((word) => text.toLowerCase().includes(word)));
    const link = document.createElement("a");
    link.href = `${root}${page.url}${heading ? `#${heading[0]}` : ""}`;
    link.textContent = heading && heading[1] !== page.title ? `${page.title}: ${heading[1]}` : page.title;
    const item = document.createElement("li");
    item.append(link);
    items.push([heading ? 0 : 1, item]);
  }
  list.replaceChildren(...items.sort((a, b) => a[0] - b[0]).slice(0, 12).map(([, item]) => item));
}

input.addEventListener("input", find);
