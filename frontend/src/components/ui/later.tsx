import { type ComponentType, lazy, type ReactNode, Suspense, useState } from "react";
import { PanelBoundary } from "./panel-boundary";

type Load<P> = () => Promise<{ default: ComponentType<P> }>;

/**
 * A part of the page that is fetched when it is first shown. One that cannot be fetched leaves the rest of the page as
 * it is, and is fetched anew when somebody tries again.
 */
export function later<P extends object>(load: Load<P>, fallback: ReactNode = null): ComponentType<P> {
  return function Later(props: P) {
    const [Part, setPart] = useState(() => lazy(load));
    return (
      <PanelBoundary onRetry={() => setPart(lazy(load))}>
        <Suspense fallback={fallback}>
          <Part {...props} />
        </Suspense>
      </PanelBoundary>
    );
  };
}
