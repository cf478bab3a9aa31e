import { Tabs } from "radix-ui";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { show, type Tab, useView } from "../state/view";
import { LineProperties } from "./line-properties";
import { ReviewPanel } from "./review-panel";
import { SpeakerProperties } from "./speaker-properties";
import { TaskProperties } from "./task-properties";

const TABS: Tab[] = ["line", "review", "speaker", "task"];

const PARTS: Record<Tab, ComponentType> = {
  line: LineProperties,
  review: ReviewPanel,
  speaker: SpeakerProperties,
  task: TaskProperties,
};

/** One part of it by itself. */
export function PropertiesOf({ tab }: { tab: Tab }) {
  const Part = PARTS[tab];
  return <Part />;
}

/** What is known of the line, its speaker and the task, and what can be set. */
export function Properties() {
  const { t } = useTranslation();
  const tab = useView((state) => state.tab);
  return (
    <Tabs.Root value={tab} onValueChange={(next) => show({ tab: next as Tab })} className="flex h-full flex-col">
      <Tabs.List aria-label={t("editor.properties")} className="border-line flex gap-1 border-b px-2 pt-1">
        {TABS.map((name) => (
          <Tabs.Trigger
            key={name}
            value={name}
            className="text-soft hover:text-ink data-[state=active]:text-ink data-[state=active]:border-accent -mb-px border-b-2 border-transparent px-2.5 py-2 font-medium"
          >
            {t(`properties.${name}`)}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {TABS.map((name) => (
          <Tabs.Content key={name} value={name} className="p-3.5">
            <PropertiesOf tab={name} />
          </Tabs.Content>
        ))}
      </div>
    </Tabs.Root>
  );
}
