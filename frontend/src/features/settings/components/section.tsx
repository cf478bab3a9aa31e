import { type ReactNode, useId } from "react";

interface SectionProps {
  title: string;
  text?: string;
  children: ReactNode;
}

export function Section({ title, text, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="panel p-4 sm:p-5">
      <h2 id={id} className="font-semibold">
        {title}
      </h2>
      {text && <p className="text-soft mt-0.5 text-pretty">{text}</p>}
      <div className="mt-4">{children}</div>
    </section>
  );
}
