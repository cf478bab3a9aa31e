import "@/i18n/later";
import { useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { CloudUpload, FolderPen, RotateCw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { usePollInterval } from "@/api/connection";
import { deliveriesQuery, useDeliver } from "@/api/deliveries";
import type { BatchRead, ServicesGatewayExportsSchemasDeliveryRead as DeliveryRead } from "@/api/generated";
import { EngineText } from "@/components/engine-text";
import { Badge } from "@/components/ui/badge";
import { Bar } from "@/components/ui/bar";
import { Button } from "@/components/ui/button";
import { hasFiles } from "@/core/batches";
import { anotherFolder, type DeliveryStatus, folderFor, folderOf, shareOf, statusOf, toneOf } from "@/core/deliveries";
import { ago, bytes, languageName } from "@/core/format";
import { useRefusal } from "@/i18n/refusal";
import { DeliverDialog } from "./deliver-dialog";

/** The copies of a batch's files in a bucket; nothing where none is opened here and none was made. */
export function BatchDeliveries({ batch }: { batch: BatchRead }) {
  const { t } = useTranslation();
  const pollMs = usePollInterval();
  const { data: deliveries = [] } = useQuery(deliveriesQuery(batch.batch_id, pollMs));
  const [folder, setFolder] = useState<string | null>(null);
  const opened = batch.delivers_to;
  if (opened === null && deliveries.length === 0) return null;
  const ready = hasFiles(batch);
  const taken = deliveries.map((one) => folderOf(one, opened ?? ""));
  return (
    <section aria-label={t("deliver.title")} className="panel grid grid-cols-[minmax(0,1fr)] overflow-hidden">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 px-3.5 py-2">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="font-medium">{t("deliver.title")}</h2>
          <p className="text-soft text-xs break-words">
            {opened === null ? t("deliver.closed") : t(ready ? "deliver.about" : "deliver.too_early", { where: opened })}
          </p>
        </div>
        {opened !== null && ready && (
          <Button small icon={CloudUpload} onClick={() => setFolder(folderFor(batch))}>
            {t("deliver.begin")}
          </Button>
        )}
      </header>
      {deliveries.length > 0 && (
        <ul className="border-line divide-line divide-y border-t">
          {deliveries.map((one) => (
            <Delivery key={one.delivery_id} delivery={one} opened={opened} onOther={(failed) => setFolder(anotherFolder(failed, taken))} />
          ))}
        </ul>
      )}
      {opened !== null && folder !== null && (
        <DeliverDialog batch={batch} opened={opened} folder={folder} onClose={() => setFolder(null)} />
      )}
    </section>
  );
}

interface DeliveryProps {
  delivery: DeliveryRead;
  opened: string | null;
  /** Asks for another folder than this one. */
  onOther: (folder: string) => void;
}

function Delivery({ delivery, opened, onOther }: DeliveryProps) {
  const { t, i18n } = useTranslation();
  const status = statusOf(delivery);
  const where = `${delivery.bucket}/${delivery.prefix}`;
  const names = delivery.languages.map((code) => languageName(code, i18n.language)).join(", ");
  return (
    <li
      data-delivery={delivery.delivery_id}
      data-status={status}
      className="grid grid-cols-[minmax(0,1fr)] gap-2 px-3.5 py-2.5"
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <div className="min-w-0 flex-1 basis-64">
          <p className="font-medium break-words">{where}</p>
          <p className="text-soft text-xs">
            {names || t("deliver.every_language")} · {ago(delivery.ended_at ?? delivery.created_at, i18n.language)}
          </p>
        </div>
        <Badge look={toneOf(delivery)}>{t(`deliver.status.${status}`)}</Badge>
        {opened !== null && <Again delivery={delivery} opened={opened} status={status} onOther={onOther} />}
      </div>
      <div className="grid gap-1">
        <Bar value={shareOf(delivery)} label={t("deliver.progress_of", { where })} look={toneOf(delivery)} />
        <p className="text-soft text-xs tabular-nums">{wordsOf(delivery, status, t)}</p>
      </div>
      <Why delivery={delivery} status={status} />
      {delivery.missing.length > 0 && (
        <details className="text-xs">
          <summary className="text-warn w-fit cursor-pointer leading-6">
            {t("deliver.missing", { count: delivery.missing.length })}
          </summary>
          <ul className="text-soft mt-1 max-h-40 overflow-y-auto break-words" tabIndex={0} aria-label={t("deliver.missing_names")}>
            {delivery.missing.map((name) => (
              <li key={name}>{name}</li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}

function wordsOf({ files, done, size, size_done }: DeliveryRead, status: DeliveryStatus, t: TFunction): string {
  if (status === "nothing") return t("deliver.nothing");
  if (files === 0) return t("deliver.counting");
  const counted = t("deliver.files", { done, count: files });
  return size > 0 ? `${counted} · ${t("deliver.bytes", { done: bytes(size_done), all: bytes(size) })}` : counted;
}

/** What helps where trying again alone does not. */
const CURES = { delivery_taken: "deliver.cure.delivery_taken", invalid_request: "deliver.cure.invalid_request" } as const;

/** Why the last attempt broke off, and what helps. */
function Why({ delivery, status }: { delivery: DeliveryRead; status: DeliveryStatus }) {
  const { t } = useTranslation();
  const { error_code, error_message } = delivery;
  if (!error_message || (status !== "waiting" && status !== "failed")) return null;
  const own = error_code !== null && error_code in CURES ? CURES[error_code as keyof typeof CURES] : null;
  return (
    <div
      role={status === "failed" ? "alert" : undefined}
      className={`text-xs break-words ${status === "failed" ? "text-bad" : "text-warn"}`}
    >
      <p>
        <EngineText code={error_code} text={error_message} />
      </p>
      <p>{status === "waiting" ? t("deliver.tried_again") : t(own ?? "deliver.cure.other")}</p>
    </div>
  );
}

/** What another request does; while files are copied it would do nothing. */
const AGAIN = {
  counting: null,
  copying: null,
  waiting: "deliver.again.now",
  done: "deliver.again.newer",
  partly: "deliver.again.newer",
  nothing: "deliver.again.newer",
  failed: "deliver.again.failed",
} as const satisfies Record<DeliveryStatus, string | null>;

interface AgainProps extends DeliveryProps {
  opened: string;
  status: DeliveryStatus;
}

/** Another try, or what is new since. */
function Again({ delivery, opened, status, onOther }: AgainProps) {
  const { t } = useTranslation();
  const refuse = useRefusal();
  const { mutate, isPending } = useDeliver(delivery.batch_id);
  const words = AGAIN[status];
  if (words === null) return null;
  const prefix = folderOf(delivery, opened);
  return (
    <div className="flex flex-wrap gap-1.5">
      {status === "failed" && (
        <Button small icon={FolderPen} onClick={() => onOther(prefix)}>
          {t("deliver.other_folder")}
        </Button>
      )}
      <Button
        small
        icon={RotateCw}
        disabled={isPending}
        onClick={() => mutate({ prefix, to: delivery.languages }, { onError: (error) => refuse(error) })}
      >
        {t(words)}
      </Button>
    </div>
  );
}
