import { useTranslation } from "react-i18next";
import { Dialog } from "@/components/ui/dialog";
import { Keys } from "@/components/ui/keys";
import { type Action, SHORTCUTS } from "../state/shortcuts";
import { show, useView } from "../state/view";

export function HelpDialog() {
  const { t } = useTranslation();
  const open = useView((state) => state.help);
  const actions = [...new Set(SHORTCUTS.map(({ action }) => action))];
  return (
    <Dialog
      open={open}
      onOpenChange={(help) => show({ help })}
      title={t("editor.shortcuts")}
      description={t("shortcut.hint")}
    >
      <dl className="divide-line grid divide-y">
        {actions.map((action: Action) => (
          <div key={action} className="flex items-center justify-between gap-4 py-1.5">
            <dt>{t(`shortcut.${action}`)}</dt>
            <dd className="flex flex-wrap justify-end gap-2">
              {SHORTCUTS.filter((shortcut) => shortcut.action === action).map(({ keys }) => (
                <Keys key={keys} keys={keys} />
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
