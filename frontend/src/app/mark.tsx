/** The sign of LocalClip: a voice as it looks. */
export function Mark() {
  return (
    <svg aria-hidden viewBox="0 0 32 32" className="size-7">
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <path
        d="M8 13v6M12 9v14M16 12v8M20 7v18M24 13v6"
        className="stroke-on-accent"
        strokeWidth="2.4"
        strokeLinecap="round"
      />
    </svg>
  );
}
