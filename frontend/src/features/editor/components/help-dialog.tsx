import { useTranslation } from "react-i18next";
import { Dialog } from "@/components/ui/dialog";
import { Keys } from "@/components/ui/keys";
import { REVIEW_KEYS } from "../state/review-mode";
import { type Action, SHORTCUTS } from "../state/shortcuts";
import { show, useView } from "../state/view";

const REVIEW = Object.keys(REVIEW_KEYS) as (keyof typeof REVIEW_KEYS)[];

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
      <section tabIndex={0} aria-label={t("editor.shortcuts")}>
        {/* reached by keys, as it may have to be scrolled */}
        <dl className="divide-line grid divide-y">
          {actions.map((action: Action) => (
            <Key
              key={action}
              label={t(`shortcut.${action}`)}
              keys={SHORTCUTS.filter((shortcut) => shortcut.action === action).map(({ keys }) => keys)}
            />
          ))}
        </dl>
        <h3 className="mt-4 font-medium">{t("walk.keys")}</h3>
        <dl className="divide-line grid divide-y">
          <Key label={t("walk.commit")} keys={["Enter"]} />
          {REVIEW.map((act) => (
            <Key key={act} label={t(`walk.${act}`)} keys={[REVIEW_KEYS[act]]} />
          ))}
        </dl>
      </section>
    </Dialog>
  );
}

function Key({ label, keys }: { label: string; keys: string[] }) {
  return (
    <div className="flex items-center justify-between gap-4 py-1.5">
      <dt>{label}</dt>
      <dd className="flex flex-wrap justify-end gap-2">
        {keys.map((one) => (
          <Keys key={one} keys={one} />
        ))}
      </dd>
    </div>
  );
}
