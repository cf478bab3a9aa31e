import "@/i18n/later";
import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, FileQuestion } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { batchQuery } from "@/api/batches";
import { usePollInterval } from "@/api/connection";
import { ApiProblem } from "@/api/problems";
import { Empty, Failure } from "@/components/ui/states";
import { BatchCard } from "./batch-card";
import { BatchDeliveries } from "./batch-deliveries";
import { BatchRows } from "./batch-rows";

/** What stands over the tasks of a batch: the batch itself, and its rows that have no task. */
export default function BatchHead({ id }: { id: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const refetchInterval = usePollInterval();
  const { data: batch, error, refetch } = useQuery({ ...batchQuery(id), refetchInterval });
  const isGone = error instanceof ApiProblem && error.status === 404;
  return (
    <>
      <title>{`${batch?.name ?? t("batch.title")} · LocalClip`}</title>
      <Link
        to="/dashboard"
        className="text-soft hover:text-ink inline-flex h-6 items-center gap-1.5 self-start font-medium"
      >
        <ArrowLeft aria-hidden size={16} />
        {t("not_found.home")}
      </Link>
      {isGone && (
        <Empty page icon={FileQuestion} title={t("batch.gone_title")}>
          {t("batch.gone_text")}
        </Empty>
      )}
      {error && !isGone && !batch && <Failure error={error} onRetry={() => void refetch()} />}
      {!batch && !error && <div className="skeleton h-28" />}
      {batch && !isGone && (
        <>
          <BatchCard own batch={batch} onDeleted={() => void navigate("/dashboard", { replace: true })} />
          <BatchDeliveries batch={batch} />
          <BatchRows batch={batch} />
        </>
      )}
    </>
  );
}
