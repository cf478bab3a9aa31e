import { ChevronDown, ChevronUp, FolderOpen, RotateCw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useProblemText } from "@/i18n/problem-text";
import { detailOf } from "@/i18n/refusal";
import { Button } from "@/components/ui/button";
import { IconButton } from "@/components/ui/icon-button";
import { isMoving, isRetryable, sameRefusals, undecided, type UploadItem, useUploads } from "../state/store";
import { ChooseFiles } from "./choose-files";
import { UploadRow } from "./upload-row";

/** What is being uploaded, and what was: a panel in the corner of every page. */
export default function UploadsPanel() {
  const { t } = useTranslation();
  const { items, ask, retryAll, clearDone } = useUploads();
  const [open, setOpen] = useState(true);
  const moving = items.filter(isMoving).length;
  const lost = items.filter((item) => item.state === "needs_file").length;
  const waiting = undecided(items).length;
  return (
    <section
      aria-label={t("upload.title")}
      className="panel shadow-card fixed right-3 bottom-3 left-3 z-30 sm:left-auto sm:w-96"
    >
      <header className="flex items-center gap-2 py-1.5 pr-1.5 pl-3.5">
        <h2 className="flex-1 font-semibold" aria-live="polite">
          {moving > 0 ? t("upload.moving", { count: moving }) : t("upload.title")}
        </h2>
        {items.some((item) => item.state === "done") && (
          <Button small look="quiet" onClick={clearDone}>
            {t("upload.clear")}
          </Button>
        )}
        <IconButton
          small
          icon={open ? ChevronDown : ChevronUp}
          label={t(open ? "upload.collapse" : "upload.expand")}
          onClick={() => setOpen(!open)}
          aria-expanded={open}
        />
      </header>
      {open && (
        <>
          <SameRefusals items={items} />
          <ul
            tabIndex={0}
            aria-label={t("upload.title")}
            className="divide-line border-line max-h-64 divide-y overflow-y-auto border-t px-3.5"
          >
            {items.map((item) => (
              <UploadRow key={item.id} item={item} />
            ))}
          </ul>
          <footer className="border-line flex flex-wrap items-center gap-2 border-t px-3.5 py-2 empty:hidden">
            {lost > 0 && (
              <ChooseFiles>
                {(choose) => (
                  <Button small look="primary" icon={FolderOpen} onClick={choose}>
                    {t("upload.choose_again", { count: lost })}
                  </Button>
                )}
              </ChooseFiles>
            )}
            {waiting > 0 && (
              <Button small look={lost ? "plain" : "primary"} onClick={() => ask(true)}>
                {t("upload.decide", { count: waiting })}
              </Button>
            )}
            {items.some(isRetryable) && (
              <Button small icon={RotateCw} onClick={retryAll}>
                {t("upload.retry_all")}
              </Button>
            )}
          </footer>
        </>
      )}
    </section>
  );
}

/** One message for all that were refused for the same reason. */
function SameRefusals({ items }: { items: UploadItem[] }) {
  const { t } = useTranslation();
  const say = useProblemText();
  return sameRefusals(items, say).map(([text, same]) => (
    <p key={text} role="alert" className="text-bad border-line border-t px-3.5 py-2 text-xs">
      <strong className="font-medium">{t("upload.refused", { count: same.length })}</strong> {text}{" "}
      {detailOf(same[0]?.error, text)}
    </p>
  ));
}
