import { Ellipsis, Merge, Plus, Split, TextCursor, Trash2, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/components/ui/icon-button";
import { Menu } from "@/components/ui/menu";
import { type Row, textOf } from "@/core/lines";
import { cuts } from "@/core/split";
import { useCaret } from "../state/caret";
import { useStructure } from "../state/use-structure";
import { show } from "../state/view";

/** Split, merge, insert, delete. */
export function LineMenu({ row }: { row: Row }) {
  const { t } = useTranslation();
  const structure = useStructure();
  const id = row.segment.segment_id;
  const caret = useCaret(({ caret: at }) => at?.segment === id && cuts(textOf(row, at.side), at.at));
  const atCursor = {
    label: t("editor.split_at_cursor"),
    icon: TextCursor,
    onSelect: () => void structure.split(id, "cursor"),
  };
  return (
    <Menu
      trigger={<IconButton small icon={Ellipsis} label={t("editor.more")} />}
      entries={[
        ...(caret ? [atCursor] : []),
        { label: t("editor.split"), icon: Split, onSelect: () => void structure.split(id, "playhead") },
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
