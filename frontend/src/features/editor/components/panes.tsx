import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Panel, PanelGroup, PanelResizeHandle } from "react-resizable-panels";
import { cn } from "@/components/ui/cn";
import { PanelBoundary } from "@/components/ui/panel-boundary";
import { useMedia } from "@/components/ui/use-media";
import { Timeline } from "../timeline/timeline";
import { LinePanel } from "./line-panel";
import { Player } from "./player";
import { Properties } from "./properties";

/** Picture, lines, inspector and timeline beside each other; where the borders are is kept in the browser. */
export function Panes() {
  const { t } = useTranslation();
  const large = useMedia("(min-width: 110rem)"); // there the picture may grow
  return (
    <PanelGroup direction="horizontal" autoSaveId="localclip.editor.columns" className="min-h-0 flex-1 px-5 pb-3">
      <Panel id="work" order={1} defaultSize={74} minSize={45}>
        <PanelGroup direction="vertical" autoSaveId="localclip.editor.rows">
          <Panel id="top" order={1} defaultSize={72} minSize={30}>
            <PanelGroup direction="horizontal" autoSaveId="localclip.editor.picture">
              <Panel id="picture" order={1} defaultSize={large ? 46 : 40} minSize={22} className="min-w-0">
                <Boxed label={t("player.title")}>
                  <Player />
                </Boxed>
              </Panel>
              <Divider label={t("panes.picture")} />
              <Panel id="lines" order={2} minSize={30} className="min-w-0">
                <Boxed label={t("editor.lines")}>
                  <LinePanel />
                </Boxed>
              </Panel>
            </PanelGroup>
          </Panel>
          <Divider vertical label={t("panes.timeline")} />
          <Panel id="timeline" order={2} minSize={14} className="min-h-0">
            <Boxed label={t("editor.timeline")}>
              <Timeline />
            </Boxed>
          </Panel>
        </PanelGroup>
      </Panel>
      <Divider label={t("panes.properties")} />
      <Panel id="properties" order={2} minSize={18} className="min-w-0">
        <Boxed label={t("editor.properties")}>
          <Properties />
        </Boxed>
      </Panel>
    </PanelGroup>
  );
}

export function Boxed({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <section aria-label={label} className={cn("panel relative flex h-full min-h-0 min-w-0 flex-col overflow-hidden", className)}>
      <h2 className="sr-only">{label}</h2>
      <PanelBoundary>{children}</PanelBoundary>
    </section>
  );
}

/** Dragged, or moved by arrow keys. */
function Divider({ label, vertical }: { label: string; vertical?: boolean }) {
  return (
    <PanelResizeHandle
      aria-label={label}
      hitAreaMargins={{ coarse: 15, fine: 6 }}
      className={cn(
        "group grid shrink-0 place-items-center rounded outline-offset-0",
        vertical ? "h-3 cursor-row-resize" : "w-3 cursor-col-resize",
      )}
    >
      <span
        aria-hidden
        className={cn(
          "bg-line group-hover:bg-accent group-data-[resize-handle-state=drag]:bg-accent rounded-full transition-colors",
          vertical ? "h-1 w-10" : "h-10 w-1",
        )}
      />
    </PanelResizeHandle>
  );
}
