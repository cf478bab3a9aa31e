import "@/i18n/later";
import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleX } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { EngineInfo } from "@/api/generated";
import { enginesQuery, healthQuery } from "@/api/queries";
import { EngineText } from "@/components/engine-text";
import { Badge } from "@/components/ui/badge";
import { Failure } from "@/components/ui/states";
import { STAGES } from "@/core/progress";
import { Section } from "./section";

/** What this installation can do, stage by stage, and what is missing. */
export function EnginesSection() {
  const { t } = useTranslation();
  const engines = useQuery(enginesQuery);
  const { data: health } = useQuery({ ...healthQuery, refetchInterval: 10_000 });
  return (
    <Section title={t("settings.engines")} text={t("settings.engines_text")}>
      {engines.error && <Failure error={engines.error} onRetry={() => void engines.refetch()} />}
      {engines.isPending && <div className="skeleton h-40" />}
      <div className="grid gap-5">
        {engines.data &&
          STAGES.map((stage) => (
            <StageEngines
              key={stage}
              stage={stage}
              workers={health?.workers?.[stage] ?? 0}
              engines={engines.data.filter((engine) => engine.stage === stage)}
            />
          ))}
      </div>
    </Section>
  );
}

function StageEngines({
  stage,
  workers,
  engines,
}: {
  stage: (typeof STAGES)[number];
  workers: number;
  engines: EngineInfo[];
}) {
  const { t } = useTranslation();
  const Icon = workers > 0 ? CircleCheck : CircleX;
  return (
    <div>
      <h3 className="mb-2 flex items-center gap-2 font-medium">
        {t(`stage.${stage}`)}
        <Badge look={workers > 0 ? "good" : "bad"}>
          <Icon aria-hidden size={12} />
          {t("settings.workers", { count: workers })}
        </Badge>
      </h3>
      <ul className="grid gap-2 sm:grid-cols-2">
        {engines.map((engine) => (
          <EngineCard key={`${engine.port}-${engine.name}`} engine={engine} />
        ))}
      </ul>
    </div>
  );
}

function EngineCard({ engine }: { engine: EngineInfo }) {
  const { t } = useTranslation();
  const pairs = (engine.pairs ?? []).map(([from, to]) => `${from}→${to}`).join(", ");
  const can = pairs || (engine.languages ?? []).join(", ") || t("settings.all_languages");
  return (
    <li className="border-line rounded-lg border p-3">
      <p className="flex flex-wrap items-baseline justify-between gap-x-3">
        <strong className="font-semibold">{engine.name}</strong>
        <span className="text-soft text-xs">{engine.version}</span>
      </p>
      <p className="text-soft text-xs">
        {[
          t(`port.${engine.port as "voice"}`, { defaultValue: engine.port }),
          engine.licence,
          !engine.commercial_use && t("settings.not_commercial"),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {engine.problem ? (
        <p className="text-bad mt-1.5 text-xs break-words">{t("settings.engine_left_out", { problem: engine.problem })}</p>
      ) : (
        <p className="mt-1.5 text-xs">{can}</p>
      )}
      {engine.hint && (
        <p className="text-warn mt-1.5 text-xs">
          <EngineText text={engine.hint} />
        </p>
      )}
    </li>
  );
}
