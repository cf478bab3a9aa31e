import "@/i18n/later";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { BATCHES_AT_ONCE, batchesQuery } from "@/api/batches";
import { usePollInterval } from "@/api/connection";
import { Button } from "@/components/ui/button";
import { BatchCard } from "./batch-card";

const FIRST = 4;

/** Batches, newest first: a few, and more when somebody asks for them. */
export default function BatchList() {
  const { t } = useTranslation();
  const refetchInterval = usePollInterval();
  const [shown, setShown] = useState(FIRST);
  const numbers = Array.from({ length: Math.ceil(shown / BATCHES_AT_ONCE) }, (_, page) => page);
  const pages = useQueries({ queries: numbers.map((page) => ({ ...batchesQuery(page), refetchInterval })) });
  const batches = pages.flatMap((page) => page.data?.items ?? []);
  const total = pages[0]?.data?.total ?? 0;
  const rest = total - Math.min(shown, batches.length);
  return (
    <section aria-label={t("batch.title")} className="grid grid-cols-[minmax(0,1fr)] gap-3" data-testid="batches">
      <h2 className="font-semibold">{t("batch.title")}</h2>
      {batches.slice(0, shown).map((batch) => (
        <BatchCard key={batch.batch_id} batch={batch} />
      ))}
      {rest > 0 && (
        <Button look="quiet" className="justify-self-start" onClick={() => setShown(shown + BATCHES_AT_ONCE)}>
          {t("batch.more", { count: rest })}
        </Button>
      )}
    </section>
  );
}
