import { Tabs } from "radix-ui";
import { useTranslation } from "react-i18next";
import { show, type Tab, useView } from "../state/view";
import { LineProperties } from "./line-properties";
import { ReviewPanel } from "./review-panel";
import { SpeakerProperties } from "./speaker-properties";
import { TaskProperties } from "./task-properties";

const TABS: Tab[] = ["line", "review", "speaker", "task"];

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
        <Tabs.Content value="line" className="p-3.5">
          <LineProperties />
        </Tabs.Content>
        <Tabs.Content value="review" className="p-3.5">
          <ReviewPanel />
        </Tabs.Content>
        <Tabs.Content value="speaker" className="p-3.5">
          <SpeakerProperties />
        </Tabs.Content>
        <Tabs.Content value="task" className="p-3.5">
          <TaskProperties />
        </Tabs.Content>
      </div>
    </Tabs.Root>
  );
}
