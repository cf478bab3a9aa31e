import { ListChecks, type LucideIcon, SlidersHorizontal, TextCursorInput, Users } from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "@/components/ui/dialog";
import { Timeline } from "../timeline/timeline";
import { useReviewMode } from "../state/review-mode";
import { show, type Tab, useView } from "../state/view";
import { LinePanel } from "./line-panel";
import { Boxed } from "./panes";
import { Player } from "./player";
import { PropertiesOf } from "./properties";

const PLACES: [Tab, LucideIcon][] = [
  ["line", TextCursorInput],
  ["review", ListChecks],
  ["speaker", Users],
  ["task", SlidersHorizontal],
];

const BELOW = "(4rem + var(--dock, 0px))"; // the places of the inspector, the uploads

/** Have whatever is scrolled to, or gets the focus, stand between the picture and the places below; answers how high what is above it is. */
function usePaddedScroll(player: RefObject<HTMLDivElement | null>): string {
  const [height, setHeight] = useState(0);
  const above = `(3.75rem + ${height}px)`; // with the header and a gap
  useEffect(() => {
    if (!player.current) return;
    const observer = new ResizeObserver(([entry]) => setHeight(Math.ceil(entry?.contentRect.height ?? 0)));
    observer.observe(player.current);
    return () => observer.disconnect();
  }, [player]);
  useEffect(() => {
    const { style } = document.documentElement;
    style.scrollPadding = `calc${above} 0 calc${BELOW}`;
    return () => void (style.scrollPadding = "");
  }, [above]);
  return above;
}

/** The editor on a phone: the picture stays, the lines scroll, everything else comes up from below. */
export function Stack() {
  const { t } = useTranslation();
  const tab = useView((state) => state.tab);
  const sheet = useView((state) => state.sheet);
  const player = useRef<HTMLDivElement>(null);
  const lines = useRef<HTMLDivElement>(null);
  const above = usePaddedScroll(player);
  useEffect(() => useReviewMode.subscribe(({ list }) => list && lines.current?.scrollIntoView()), []);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2 px-2 pb-16">
      <div ref={player} className="sticky top-13 z-20">
        <Boxed label={t("player.title")}>
          <Player />
        </Boxed>
      </div>
      <Boxed label={t("editor.timeline")} className="max-h-48">
        <Timeline />
      </Boxed>
      <div ref={lines} style={{ height: `max(20rem, calc(100dvh - ${above} - ${BELOW}))` }}>
        <Boxed label={t("editor.lines")}>
          <LinePanel />
        </Boxed>
      </div>
      <nav
        aria-label={t("editor.properties")}
        className="bg-surface border-line fixed inset-x-0 bottom-(--dock,0px) z-20 grid grid-cols-4 border-t"
      >
        {PLACES.map(([place, Icon]) => (
          <button
            key={place}
            type="button"
            onClick={() => show({ tab: place, sheet: true })}
            className="text-soft hover:text-ink flex h-13 flex-col items-center justify-center gap-0.5 text-xs font-medium"
          >
            <Icon aria-hidden size={18} />
            {t(`properties.${place}`)}
          </button>
        ))}
      </nav>
      <Dialog open={sheet} onOpenChange={(open) => show({ sheet: open })} title={t(`properties.${tab}`)}>
        <PropertiesOf tab={tab} />
      </Dialog>
    </div>
  );
}
