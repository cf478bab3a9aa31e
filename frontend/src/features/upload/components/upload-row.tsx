import { FileVideo, Pause, Play, RotateCw, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useShallow } from "zustand/react/shallow";
import { Bar } from "@/components/ui/bar";
import { IconButton } from "@/components/ui/icon-button";
import { bytes, remaining } from "@/core/format";
import type { Tone } from "@/core/progress";
import { useProblemText } from "@/i18n/problem-text";
import { detailOf } from "@/i18n/refusal";
import { isRetryable, sameRefusals, type UploadItem, useUploads } from "../state/store";

const TONES: Partial<Record<UploadItem["state"], Tone>> = {
  done: "good",
  failed: "bad",
  paused: "idle",
  needs_file: "warn",
  sent: "good",
};

/** One file on its way. */
export function UploadRow({ item }: { item: UploadItem }) {
  const { t } = useTranslation();
  return (
    <li className="grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-2.5 gap-y-1 py-2">
      <FileVideo aria-hidden size={18} className="text-soft" />
      {item.taskId ? (
        <Link to={`/tasks/${item.taskId}`} className="name-link font-medium">
          {item.name}
        </Link>
      ) : (
        <span className="truncate font-medium" title={item.name}>
          {item.name}
        </span>
      )}
      <RowButtons item={item} />
      <div className="col-span-2 col-start-2">
        {item.state !== "done" && (
          <Bar
            value={(item.sent / Math.max(1, item.size)) * 100}
            label={t("upload.progress", { name: item.name })}
            look={TONES[item.state] ?? "busy"}
          />
        )}
        <RowText item={item} />
      </div>
    </li>
  );
}

function RowText({ item }: { item: UploadItem }) {
  const { t, i18n } = useTranslation();
  const say = useProblemText();
  const told = useUploads((state) => sameRefusals(state.items, say).some(([, same]) => same.includes(item)));
  if (item.state === "failed" && told) return <p className="text-bad mt-1 text-xs">{t("upload.state.failed")}</p>;
  if (item.state === "failed") {
    const text = say(item.error);
    const detail = detailOf(item.error, text);
    return (
      <p role="alert" className="text-bad mt-1 text-xs">
        {detail ? `${text} ${detail}` : text}
      </p>
    );
  }
  const left = item.rate ? (item.size - item.sent) / item.rate : null;
  const amount = `${bytes(item.sent)} / ${bytes(item.size)}`;
  const parts =
    item.state === "sending"
      ? [
          item.offline ? t("upload.no_network") : amount,
          item.rate !== null && `${bytes(item.rate)}/s`,
          left !== null && t("upload.left", { time: remaining(left, i18n.language) }),
        ]
      : [t(`upload.state.${item.state}`), item.state === "done" ? bytes(item.size) : amount];
  return <p className="text-soft mt-1 text-xs tabular-nums">{parts.filter(Boolean).join(" · ")}</p>;
}

function RowButtons({ item }: { item: UploadItem }) {
  const { t } = useTranslation();
  const { pause, resume, cancel } = useUploads(
    useShallow((state) => ({ pause: state.pause, resume: state.resume, cancel: state.cancel })),
  );
  return (
    <span className="flex">
      {(item.state === "sending" || item.state === "waiting") && (
        <IconButton small icon={Pause} label={t("upload.pause", { name: item.name })} onClick={() => pause(item.id)} />
      )}
      {item.state === "paused" && (
        <IconButton small icon={Play} label={t("upload.resume", { name: item.name })} onClick={() => resume(item.id)} />
      )}
      {isRetryable(item) && (
        <IconButton
          small
          icon={RotateCw}
          label={t("upload.retry", { name: item.name })}
          onClick={() => resume(item.id)}
        />
      )}
      {item.state !== "finishing" && (
        <IconButton
          small
          icon={X}
          label={t(item.state === "done" ? "upload.hide" : "upload.cancel", { name: item.name })}
          onClick={() => cancel(item.id)}
        />
      )}
    </span>
  );
}
