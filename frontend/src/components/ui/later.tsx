import { type ComponentType, lazy, type ReactNode, Suspense, useState } from "react";
import { PanelBoundary } from "./panel-boundary";

type Load<P> = () => Promise<{ default: ComponentType<P> }>;

/**
 * A part of the page that is fetched when it is first shown, or when `fetch` is called; from then on it is there at once.
 * One that cannot be fetched leaves the rest of the page as it is, and is fetched anew when somebody tries again.
 */
export function later<P extends object>(
  load: Load<P>,
  fallback: ReactNode = null,
): ComponentType<P> & { fetch: () => Promise<unknown> } {
  let there: ComponentType<P> | null = null;
  const fetch: Load<P> = async () => {
    const found = await load();
    there = found.default;
    return found;
  };
  function Later(props: P) {
    const [Part, setPart] = useState(() => there ?? lazy(fetch));
    return (
      <PanelBoundary onRetry={() => setPart(lazy(fetch))}>
        <Suspense fallback={fallback}>
          <Part {...props} />
        </Suspense>
      </PanelBoundary>
    );
  }
  return Object.assign(Later, { fetch });
}
