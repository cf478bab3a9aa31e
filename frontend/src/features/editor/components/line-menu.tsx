import { Ellipsis, Merge, Plus, Split, Trash2, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { SegmentRead } from "@/api/generated";
import { IconButton } from "@/components/ui/icon-button";
import { Menu } from "@/components/ui/menu";
import { useStructure } from "../state/use-structure";
import { show } from "../state/view";

/** Split, merge, insert, delete. */
export function LineMenu({ segment }: { segment: SegmentRead }) {
  const { t } = useTranslation();
  const structure = useStructure();
  const id = segment.segment_id;
  return (
    <Menu
      trigger={<IconButton small icon={Ellipsis} label={t("editor.more")} />}
      entries={[
        { label: t("editor.split"), icon: Split, onSelect: () => structure.split(id) },
        {
          label: t("editor.merge"),
          icon: Merge,
          disabled: !structure.hasNext(id),
          onSelect: () => structure.merge(id),
        },
        {
          label: t("editor.insert"),
          icon: Plus,
          disabled: !structure.hasRoom(id),
          onSelect: () => structure.insert(id),
        },
        { label: t("editor.speaker"), icon: Users, onSelect: () => show({ selected: id, tab: "speaker" }) },
        null,
        { label: t("editor.delete"), icon: Trash2, danger: true, onSelect: () => structure.remove(id) },
      ]}
    />
  );
}
