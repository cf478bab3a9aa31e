const SIGNS: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };

/** Keys as they are printed on a keyboard. */
export function Keys({ keys }: { keys: string }) {
  return (
    <kbd className="bg-sunken text-ink border-line rounded border px-1.5 py-0.5 font-sans text-xs whitespace-nowrap">
      {keys
        .split("+")
        .map((key) => SIGNS[key] ?? key)
        .join(" + ")}
    </kbd>
  );
}
