import "@/i18n/later";
import { useQueries } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { X } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { batchRowsQuery, ROWS_AT_ONCE, useBatchActs } from "@/api/batches";
import { usePollInterval } from "@/api/connection";
import type { BatchRead, ItemRead } from "@/api/generated";
import { EngineText } from "@/components/engine-text";
import { Button } from "@/components/ui/button";
import { Segmented } from "@/components/ui/segmented";
import { count, type Outcome, WITHOUT_TASK } from "@/core/batches";
import { pagesOf } from "../state/use-task-window";

const ROW_HEIGHT = 44;
const MOST_SHOWN = 6;

/** The rows of a batch that no task below stands for, each with what became of it. */
export function BatchRows({ batch }: { batch: BatchRead }) {
  const { t } = useTranslation();
  const [chosen, choose] = useState<Outcome>("waiting");
  const there = WITHOUT_TASK.filter((outcome) => count(batch, outcome) > 0);
  const shown = there.find((outcome) => outcome === chosen) ?? there[0];
  if (!shown) return null;
  return (
    <section aria-label={t("batch.rows")} className="panel grid grid-cols-[minmax(0,1fr)] overflow-hidden">
      <header className="flex flex-wrap items-center gap-2 px-3.5 py-2">
        {there.length > 1 ? (
          <Segmented
            label={t("batch.rows")}
            value={shown}
            onChange={choose}
            options={there.map((outcome) => ({
              value: outcome,
              label: t(`batch.outcome.${outcome}`, { count: count(batch, outcome) }),
              name: t(`batch.outcome.${outcome}`, { count: count(batch, outcome) }),
            }))}
          />
        ) : (
          <h2 className="font-medium">{t(`batch.outcome.${shown}`, { count: count(batch, shown) })}</h2>
        )}
        <p className="text-soft text-xs">{t(`batch.about.${shown}`)}</p>
      </header>
      <Rows key={shown} batch={batch} outcome={shown} total={count(batch, shown)} />
    </section>
  );
}

/** Any number of rows: only those in view exist, and only their pages are asked for. */
function Rows({ batch, outcome, total }: { batch: BatchRead; outcome: Outcome; total: number }) {
  const { t } = useTranslation();
  const frame = useRef<HTMLDivElement>(null);
  const refetchInterval = usePollInterval();
  const { drop, busy } = useBatchActs(batch.batch_id);
  const virtual = useVirtualizer({
    count: total,
    estimateSize: () => ROW_HEIGHT,
    getScrollElement: () => frame.current,
    overscan: 4,
  });
  const items = virtual.getVirtualItems();
  const pages = pagesOf(items[0]?.index ?? 0, items.at(-1)?.index ?? 0, ROWS_AT_ONCE);
  const loaded = useQueries({
    queries: pages.map((page) => ({ ...batchRowsQuery(batch.batch_id, outcome, page), refetchInterval })),
  });
  const at = (index: number): ItemRead | undefined =>
    loaded[Math.floor(index / ROWS_AT_ONCE) - (pages[0] ?? 0)]?.data?.items[index % ROWS_AT_ONCE];
  return (
    <div
      ref={frame}
      tabIndex={0}
      role="group"
      aria-label={t(`batch.outcome.${outcome}`, { count: total })}
      className="border-line overflow-y-auto border-t"
      style={{ height: Math.min(total, MOST_SHOWN) * ROW_HEIGHT + 1 }}
    >
      <ul className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => (
          <li
            key={index}
            className="border-line absolute inset-x-0 flex items-center gap-3 border-b px-3.5 last:border-0"
            style={{ height: ROW_HEIGHT, transform: `translateY(${start}px)` }}
          >
            <Row item={at(index)} busy={busy} onDrop={drop} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Row({ item, busy, onDrop }: { item: ItemRead | undefined; busy: boolean; onDrop: (row: number) => void }) {
  const { t } = useTranslation();
  if (!item) return <span className="skeleton h-5 flex-1" />;
  return (
    <>
      <span className="text-soft w-8 shrink-0 text-right text-xs tabular-nums">{item.row}</span>
      <span className="min-w-0 flex-1">
        <span className="block truncate" title={item.source}>
          {item.task_id ? (
            <Link to={`/tasks/${item.task_id}`} className="name-link">
              {item.source}
            </Link>
          ) : (
            item.source
          )}
        </span>
        {item.error_message && (
          <span className="text-bad block truncate text-xs" title={item.error_message}>
            <EngineText code={item.error_code ?? null} text={item.error_message} />
          </span>
        )}
      </span>
      {item.outcome === "waiting" && (
        <Button
          small
          look="quiet"
          icon={X}
          disabled={busy}
          aria-label={t("batch.give_up_name", { name: item.source })}
          onClick={() => onDrop(item.row)}
        >
          {t("batch.give_up")}
        </Button>
      )}
    </>
  );
}
