import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useDrafts } from "../state/drafts";

/** Somebody else changed the line meanwhile: both versions, and whoever typed decides. */
export function ConflictDialog() {
  const { t } = useTranslation();
  const conflict = useDrafts((state) => state.conflict);
  return (
    <Dialog
      open={conflict !== null}
      onOpenChange={(open) => open || conflict?.resolve(false)}
      title={t("conflict.title")}
      description={t("conflict.text")}
      footer={
        <>
          <Button onClick={() => conflict?.resolve(false)}>{t("conflict.take_theirs")}</Button>
          <Button look="primary" onClick={() => conflict?.resolve(true)}>
            {t("conflict.keep_mine")}
          </Button>
        </>
      }
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Version title={t("conflict.mine")} text={conflict?.mine ?? ""} />
        <Version title={t("conflict.theirs")} text={conflict?.theirs ?? ""} />
      </div>
    </Dialog>
  );
}

function Version({ title, text }: { title: string; text: string }) {
  return (
    <figure className="bg-sunken rounded-lg p-3">
      <figcaption className="text-soft mb-1 text-xs font-medium">{title}</figcaption>
      <blockquote>{text}</blockquote>
    </figure>
  );
}
