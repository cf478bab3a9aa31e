import { Ban, Ellipsis, Play, RotateCw, SquarePen, Trash2 } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { TaskRead } from "@/api/generated";
import { IconButton } from "@/components/ui/icon-button";
import { Menu, type MenuEntry } from "@/components/ui/menu";
import { canRetry, canStart, isBusy } from "@/core/progress";
import { useTaskActions } from "@/api/task-actions";

/** The menu is the dearest part of a card; only what changes its entries draws it anew. */
export const TaskMenu = memo(Entries, ({ task: old }, { task }) =>
  [canStart, canRetry, isBusy, (one: TaskRead) => one.video_original_name].every((read) => read(old) === read(task)),
);

function Entries({ task }: { task: TaskRead }) {
  const { t } = useTranslation();
  const actions = useTaskActions();
  const navigate = useNavigate();
  const entries: (MenuEntry | null)[] = [
    { label: t("actions.open"), icon: SquarePen, onSelect: () => void navigate(`/tasks/${task.task_id}`) },
    { label: t("actions.start"), icon: Play, disabled: !canStart(task), onSelect: () => void actions.start([task]) },
    { label: t("actions.cancel"), icon: Ban, disabled: !isBusy(task), onSelect: () => void actions.cancel([task]) },
    {
      label: t("actions.retry"),
      icon: RotateCw,
      disabled: !canRetry(task),
      onSelect: () => void actions.retry([task]),
    },
    null,
    { label: t("actions.delete"), icon: Trash2, danger: true, onSelect: () => actions.remove([task]) },
  ];
  return (
    <Menu
      entries={entries}
      trigger={<IconButton small icon={Ellipsis} label={t("actions.more", { name: task.video_original_name })} />}
    />
  );
}
