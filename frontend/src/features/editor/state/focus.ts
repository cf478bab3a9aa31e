/** Go to the translation of the line that is chosen, else of the first one in view; to the original where there is none. */
export function focusLines(): void {
  const lines = "[data-testid=lines]";
  const chosen = document.querySelector<HTMLElement>(`${lines} [data-chosen] textarea[data-side=target]`);
  const first = [...document.querySelectorAll<HTMLElement>(`${lines} [role=listitem]`)].toSorted(
    (a, b) => Number(a.dataset["index"]) - Number(b.dataset["index"]),
  )[0];
  const field = chosen ?? first?.querySelector<HTMLElement>("textarea[data-side=target]") ?? first?.querySelector("textarea");
  field?.focus();
}

/** Move the focus to the same field of the next or previous line. */
export function focusNeighbour(field: HTMLTextAreaElement, by: 1 | -1): void {
  const side = field.dataset["side"];
  const fields = [...document.querySelectorAll<HTMLTextAreaElement>(`[data-testid=lines] textarea[data-side=${side}]`)];
  const sorted = fields.toSorted((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);
  sorted[sorted.indexOf(field) + by]?.focus();
}
