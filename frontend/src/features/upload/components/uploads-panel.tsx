import { ChevronDown, ChevronUp, FolderOpen, RotateCw } from "lucide-react";
import { useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { useProblemText } from "@/i18n/problem-text";
import { detailOf } from "@/i18n/refusal";
import { Button } from "@/components/ui/button";
import { IconButton } from "@/components/ui/icon-button";
import { isMoving, isRetryable, sameRefusals, undecided, type UploadItem, useUploads } from "../state/store";
import { ChooseFiles } from "./choose-files";
import { UploadRow } from "./upload-row";

/** The height of the panel, as `--dock`: what else stays at the bottom of a page leaves it that room. */
function useRoom() {
  const box = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const { style } = document.documentElement;
    const observer = new ResizeObserver(() => style.setProperty("--dock", `${box.current?.offsetHeight ?? 0}px`));
    if (box.current) observer.observe(box.current);
    return () => {
      observer.disconnect();
      style.removeProperty("--dock");
    };
  }, []);
  return box;
}

/** What is being uploaded, and what was: at the bottom of every page, never over it; one line where texts are edited. */
export default function UploadsPanel() {
  const { t } = useTranslation();
  const { items, ask, retryAll, clearDone } = useUploads();
  const isEditing = useLocation().pathname.startsWith("/tasks/");
  const [chosen, setOpen] = useState<boolean | null>(null);
  const open = chosen ?? !isEditing;
  const box = useRoom();
  const moving = items.filter(isMoving).length;
  const lost = items.filter((item) => item.state === "needs_file").length;
  const waiting = undecided(items).length;
  return (
    <section
      ref={box}
      aria-label={t("upload.title")}
      className="bg-surface border-line sticky bottom-0 z-30 border-t"
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
