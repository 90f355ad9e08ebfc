/** Buttons that copy what stands in an element (`data-copies`). Browsers give a clipboard only over https and on this machine. */

const SHOWN_FOR = 1800;

export function listenToCopies(): void {
  document.addEventListener("click", async (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copies]");
    const from = button && document.getElementById(button.dataset["copies"]!);
    if (!button || !from) return;
    const words = (button.dataset["words"] ??= button.textContent ?? "");
    button.textContent = await navigator.clipboard.writeText(from.textContent ?? "").then(
      () => "Copied",
      () => "Select and copy it",
    );
    button.dataset["written"] = "1";
    setTimeout(() => {
      button.textContent = words;
      delete button.dataset["written"];
    }, SHOWN_FOR);
  });
}
