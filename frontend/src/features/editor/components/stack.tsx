import { ListChecks, type LucideIcon, SlidersHorizontal, TextCursorInput, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Dialog } from "@/components/ui/dialog";
import { Timeline } from "../timeline/timeline";
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

/** The editor on a phone: the picture stays, the lines scroll, everything else comes up from below. */
export function Stack() {
  const { t } = useTranslation();
  const tab = useView((state) => state.tab);
  const sheet = useView((state) => state.sheet);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2 px-2 pb-16">
      <div className="sticky top-13 z-20">
        <Boxed label={t("player.title")}>
          <Player />
        </Boxed>
      </div>
      <Boxed label={t("editor.timeline")} className="max-h-48">
        <Timeline />
      </Boxed>
      <Boxed label={t("editor.lines")} className="h-[70dvh]">
        <LinePanel />
      </Boxed>
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
