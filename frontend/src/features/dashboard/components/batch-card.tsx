import "@/i18n/later";
import type { TFunction } from "i18next";
import { Ban, Download, Ellipsis, Layers, Pause, Play, RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { filesOf, useBatchActs } from "@/api/batches";
import type { BatchRead } from "@/api/generated";
import { Badge } from "@/components/ui/badge";
import { Bar } from "@/components/ui/bar";
import { Button } from "@/components/ui/button";
import { Confirm } from "@/components/ui/confirm";
import { IconButton } from "@/components/ui/icon-button";
import { Menu } from "@/components/ui/menu";
import {
  batchTone,
  canCancel,
  canPause,
  canResume,
  count,
  hasFiles,
  type Outcome,
  OUTCOMES,
  statusOf,
  toRetry,
} from "@/core/batches";
import { ago, remaining } from "@/core/format";

interface BatchCardProps {
  batch: BatchRead;
  /** It is the page's own: its name leads nowhere. */
  own?: boolean;
  onDeleted?: () => void;
}

/** A batch as one thing: how far it is in words, figures and one bar, and what can be done with it. */
export function BatchCard({ batch, own = false, onDeleted }: BatchCardProps) {
  const { t, i18n } = useTranslation();
  const status = statusOf(batch);
  const Name = own ? "h1" : "h3";
  return (
    <article
      data-batch={batch.batch_id}
      data-status={status}
      className="panel grid grid-cols-[minmax(0,1fr)] gap-2.5 px-3.5 py-3"
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <Name className={own ? "text-lg font-semibold tracking-tight break-words" : "flex items-center font-semibold"}>
            <Layers aria-hidden size={16} className="text-soft mr-2 inline shrink-0 align-[-0.15em]" />
            {own ? (
              batch.name
            ) : (
              <Link to={`/dashboard?batch=${batch.batch_id}`} title={batch.name} className="name-link">
                {batch.name}
              </Link>
            )}
          </Name>
          <p className="text-soft text-xs">
            {t("batch.videos", { count: batch.rows_total })} · {ago(batch.created_at, i18n.language)}
          </p>
        </div>
        <Badge look={batchTone(batch)}>{t(`batch.status.${status}`)}</Badge>
        <Acts batch={batch} onDeleted={onDeleted} />
      </div>
      <div className="grid gap-1">
        <Bar value={batch.progress} label={t("task.progress_of", { name: batch.name })} look={batchTone(batch)} />
        <p className="text-soft text-xs tabular-nums" data-testid="batch-words">
          {wordsOf(batch, t, i18n.language)}
        </p>
      </div>
      <Outcomes batch={batch} />
    </article>
  );
}

/** How far it is, how long it takes still, and what it waits for. */
function wordsOf(batch: BatchRead, t: TFunction, locale: string): string {
  const { languages, progress, eta_seconds } = batch;
  const parts = [t("batch.progress", { value: progress })];
  if (eta_seconds !== null) parts.push(t("upload.left", { time: remaining(eta_seconds, locale) }));
  if (languages.waiting_for_approval) parts.push(t("batch.to_approve", { count: languages.waiting_for_approval }));
  if (languages.not_passed) parts.push(t("batch.not_passed", { count: languages.not_passed }));
  return parts.join(" · ");
}

const STATUSES = new Set<Outcome>(["completed", "processing", "pending", "failed", "canceled"]);

/** How many videos are how; a figure leads to those that it counts. */
function Outcomes({ batch }: { batch: BatchRead }) {
  const { t } = useTranslation();
  const look = "inline-flex h-6 items-center gap-1 rounded-full px-2 text-xs tabular-nums";
  return (
    <ul aria-label={t("batch.outcomes")} className="-ml-2 flex flex-wrap gap-x-1 gap-y-1">
      {OUTCOMES.filter((outcome) => count(batch, outcome) > 0).map((outcome) => {
        const text = t(`batch.outcome.${outcome}`, { count: count(batch, outcome) });
        const color = outcome === "failed" ? "text-bad" : "text-soft";
        return (
          <li key={outcome} data-outcome={outcome}>
            {STATUSES.has(outcome) ? (
              <Link
                to={`/dashboard?batch=${batch.batch_id}&status=${outcome}`}
                className={`${look} ${color} hover:bg-sunken hover:text-ink`}
              >
                {text}
              </Link>
            ) : (
              <span className={`${look} ${color}`}>{text}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Acts({ batch, onDeleted }: { batch: BatchRead; onDeleted: (() => void) | undefined }) {
  const { t } = useTranslation();
  const [deleting, setDeleting] = useState(false);
  const { act, busy } = useBatchActs(batch.batch_id);
  const again = toRetry(batch);
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      {canPause(batch) && (
        <Button small icon={Pause} disabled={busy} onClick={() => act("pause")}>
          {t("batch.pause")}
        </Button>
      )}
      {canResume(batch) && (
        <Button small look="primary" icon={Play} disabled={busy} onClick={() => act("resume")}>
          {t("batch.resume")}
        </Button>
      )}
      {again > 0 && (
        <Button small icon={RotateCw} disabled={busy} onClick={() => act("retry")}>
          {t("batch.retry", { count: again })}
        </Button>
      )}
      {hasFiles(batch) && (
        <Button small asChild>
          <a href={filesOf(batch.batch_id)} download>
            <Download aria-hidden size={14} />
            {t("batch.download")}
          </a>
        </Button>
      )}
      <Menu
        trigger={<IconButton small icon={Ellipsis} label={t("actions.more", { name: batch.name })} />}
        entries={[
          {
            label: t("batch.cancel"),
            icon: Ban,
            disabled: !canCancel(batch) || busy,
            onSelect: () => act("cancel"),
          },
          { label: t("batch.delete"), icon: Trash2, danger: true, onSelect: () => setDeleting(true) },
        ]}
      />
      <Confirm
        open={deleting}
        title={t("batch.delete_title", { name: batch.name })}
        text={t("batch.delete_text", { count: batch.rows_total })}
        action={t("batch.delete")}
        onConfirm={() => {
          setDeleting(false);
          act("delete", onDeleted);
        }}
        onClose={() => setDeleting(false)}
      />
    </div>
  );
}
