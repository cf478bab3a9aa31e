import { LayoutGrid, List, Plus, Search } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TaskFilter } from "@/api/keys";
import { Button } from "@/components/ui/button";
import { Choice } from "@/components/ui/choice";
import { Input } from "@/components/ui/fields";
import { Segmented } from "@/components/ui/segmented";
import type { FileChooser } from "@/components/file-chooser";
import { useView } from "../state/view";

const STATUSES = ["processing", "completed", "stale", "failed", "pending", "canceled"] as const;
const SORTS = ["-created_at", "created_at", "-updated_at", "name", "-name"] as const;
const TYPING_MS = 250;

interface ToolbarProps {
  filter: TaskFilter;
  onFilter: (values: Partial<TaskFilter>) => void;
  Choose: FileChooser;
}

export function Toolbar({ filter, onFilter, Choose }: ToolbarProps) {
  const { t } = useTranslation();
  const { view, show } = useView();
  return (
    <div className="flex flex-wrap items-center gap-2">
      <SearchField value={filter.q} onChange={(q) => onFilter({ q })} />
      <Choice
        aria-label={t("dashboard.status")}
        className="w-auto"
        value={filter.status}
        onChange={(status) => onFilter({ status })}
        options={[
          { value: "", label: t("dashboard.all") },
          ...STATUSES.map((status) => ({ value: status, label: t(`status.${status}`) })),
        ]}
      />
      <Choice
        aria-label={t("dashboard.sort")}
        className="w-auto"
        value={filter.sort}
        onChange={(sort) => onFilter({ sort })}
        options={(filter.batch ? (["batch_row", ...SORTS] as const) : SORTS).map((sort) => ({
          value: sort,
          label: t(`dashboard.sorts.${sort}`),
        }))}
      />
      <Segmented
        label={t("dashboard.view")}
        value={view}
        onChange={show}
        className="ml-auto"
        options={[
          { value: "grid", label: <LayoutGrid aria-hidden size={15} />, name: t("dashboard.grid") },
          { value: "list", label: <List aria-hidden size={15} />, name: t("dashboard.list") },
        ]}
      />
      {!filter.batch && (
        <Choose>
          {(choose) => (
            <Button look="primary" icon={Plus} onClick={choose}>
              {t("dashboard.add")}
            </Button>
          )}
        </Choose>
      )}
    </div>
  );
}

function SearchField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (value !== known) {
    // cleared from elsewhere, or come back to by the browser's buttons
    setKnown(value);
    setText(value);
  }
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => {
      setKnown(text);
      onChange(text);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  });
  return (
    <div className="relative min-w-44 flex-1 sm:max-w-72">
      <Search
        aria-hidden
        size={15}
        className="text-soft pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2"
      />
      <Input
        type="search"
        aria-label={t("dashboard.search")}
        placeholder={t("dashboard.search")}
        className="pl-8"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}
