import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowUpCircle, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { type EngineOffer, type TaskEngineRead, upgradeEngines } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { taskEnginesQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Confirm } from "@/components/ui/confirm";
import { languageName } from "@/core/format";
import { BASE } from "@/core/progress";
import { useRefusal } from "@/i18n/refusal";

/** What the task began with and keeps to, and what a better engine would bring and do again. */
export function TaskEngines({ id }: { id: string }) {
  const { t } = useTranslation();
  const { data: engines = [] } = useQuery(taskEnginesQuery(id));
  const [asked, ask] = useState<TaskEngineRead | null>(null);
  const upgrade = useUpgrade(id);
  if (engines.length === 0) return null;
  return (
    <section className="grid gap-2" data-testid="task-engines">
      <h3 className="text-soft text-xs font-medium">{t("task_engines.title")}</h3>
      <ul className="grid gap-1.5">
        {engines.map((engine) => (
          <Kept key={`${engine.language}/${engine.port}`} engine={engine} onUpgrade={() => ask(engine)} />
        ))}
      </ul>
      {asked?.offer && (
        <Confirm
          open
          title={t("task_engines.ask", { engine: named(asked.offer) })}
          text={t(`task_engines.again.${asked.port}`, { count: asked.offer.lines })}
          action={t("task_engines.upgrade")}
          onConfirm={() => {
            upgrade(asked);
            ask(null);
          }}
          onClose={() => ask(null)}
        />
      )}
    </section>
  );
}

function Kept({ engine, onUpgrade }: { engine: TaskEngineRead; onUpgrade: () => void }) {
  const { t, i18n } = useTranslation();
  const { offer } = engine;
  const of = engine.language === BASE ? t("task_engines.video") : languageName(engine.language, i18n.language);
  return (
    <li className="bg-sunken grid gap-1 rounded-md px-2.5 py-1.5 text-xs">
      <p className="flex flex-wrap justify-between gap-x-3">
        <span className="text-soft">{`${of} · ${t(`port.${engine.port}`)}`}</span>
        <strong className="font-medium" title={engine.digest}>
          {named(engine)}
        </strong>
      </p>
      {engine.here === false && (
        <p className="text-bad flex items-center gap-1.5">
          <TriangleAlert aria-hidden size={13} />
          {t("task_engines.gone")}
        </p>
      )}
      {offer && (
        <p className="flex flex-wrap items-center justify-between gap-2">
          <Brings engine={engine} offer={offer} />
          <Button icon={ArrowUpCircle} onClick={onUpgrade}>
            {t("task_engines.upgrade")}
          </Button>
        </p>
      )}
    </li>
  );
}

function Brings({ engine, offer }: { engine: TaskEngineRead; offer: EngineOffer }) {
  const { t } = useTranslation();
  const [before, after] = [engine.error_percent, offer.error_percent];
  const known = before != null && after != null;
  return (
    <span>
      {known
        ? t("task_engines.brings", { engine: named(offer), before, after })
        : t("task_engines.other", { engine: named(offer) })}
    </span>
  );
}

function named({ engine, model }: { engine: string; model: string }): string {
  return model === "" || model === engine ? engine : `${engine} (${model})`;
}

function useUpgrade(id: string): (engine: TaskEngineRead) => void {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const refuse = useRefusal();
  const { mutate } = useMutation({
    mutationFn: ({ language, port }: TaskEngineRead) =>
      data(upgradeEngines({ path: { task_id: id }, body: { languages: [language], ports: [port] } })),
    onSuccess: (next) => {
      cache.setQueryData(taskEnginesQuery(id).queryKey, next);
      void cache.invalidateQueries({ queryKey: keys.task(id) });
      toast.success(t("task_engines.upgraded"));
    },
    onError: (error) => refuse(error),
  });
  return mutate;
}
