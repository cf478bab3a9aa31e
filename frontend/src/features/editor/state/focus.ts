/** Move the focus to the same field of the next or previous line. */
export function focusNeighbour(field: HTMLTextAreaElement, by: 1 | -1): void {
  const side = field.dataset["side"];
  const fields = [...document.querySelectorAll<HTMLTextAreaElement>(`[data-testid=lines] textarea[data-side=${side}]`)];
  const sorted = fields.toSorted((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);
  sorted[sorted.indexOf(field) + by]?.focus();
}
