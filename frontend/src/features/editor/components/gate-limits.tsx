import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { settingsQuery } from "@/api/account";
import { patchTask } from "@/api/cache";
import { type GateLimits as Limits, type TaskRead, updateTask } from "@/api/generated";
import { keys } from "@/api/keys";
import { data } from "@/api/problems";
import { Button } from "@/components/ui/button";
import { Check, Field, Input } from "@/components/ui/fields";
import { useRefusal } from "@/i18n/refusal";
import { useEditor } from "../state/context";
import { type Amount, AMOUNTS, entered, isEverywhere, NEEDS, shown } from "../state/limits";

/** What the languages of this task have to reach: each change judges all of them again. */
export function GateLimits() {
  const { t } = useTranslation();
  const { task } = useEditor();
  const { data: settings } = useQuery(settingsQuery);
  const { change, asked } = useChangeLimits(task.task_id);
  const limits = { ...task.config.gate, ...asked };
  const defaults = settings?.gate ?? {};
  return (
    <details data-testid="limits">
      <summary className="font-medium">{t("limits.title")}</summary>
      <p className="text-soft mt-1 mb-2.5 text-xs">{t("limits.text")}</p>
      <div className="grid gap-2.5">
        {AMOUNTS.map((limit) => (
          <AmountField key={limit} limit={limit} limits={limits} defaults={defaults} onChange={change} />
        ))}
        {NEEDS.map((need) => (
          <Check
            key={need}
            label={t(`limits.${need}`)}
            checked={limits[need] ?? true}
            onChange={(event) => change({ [need]: event.target.checked })}
          />
        ))}
        <Button
          icon={RotateCcw}
          className="justify-self-start"
          disabled={!settings || isEverywhere(limits, defaults)}
          onClick={() => change(null)}
        >
          {t("limits.reset")}
        </Button>
      </div>
    </details>
  );
}

interface AmountProps {
  limit: Amount;
  limits: Limits;
  defaults: Limits;
  onChange: (values: Limits) => void;
}

function AmountField({ limit, limits, defaults, onChange }: AmountProps) {
  const { t } = useTranslation();
  const { unit, most, least } = shown(limit);
  const [value, usual] = [shown(limit, limits[limit]).value, shown(limit, defaults[limit]).value];
  const named = (text: string) => (text === "" ? t("limits.none") : unit ? `${text} ${t(`limits.unit.${unit}`)}` : text);
  return (
    <Field
      label={unit ? `${t(`limits.${limit}`)} (${t(`limits.unit.${unit}`)})` : t(`limits.${limit}`)}
      hint={value === usual ? undefined : t("limits.default", { value: named(usual) })}
    >
      {(field) => (
        <Input
          {...field}
          key={value}
          type="number"
          step="any"
          min={least}
          max={most}
          placeholder={t("limits.none")}
          defaultValue={value}
          onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
          onBlur={(event) => {
            if (!event.target.checkValidity()) return void event.target.reportValidity();
            if (event.target.value !== value) onChange({ [limit]: entered(limit, event.target.value) });
          }}
        />
      )}
    </Field>
  );
}

/** Change some limits, or (null) take those that new tasks begin with; one after the other, each upon what is kept. */
function useChangeLimits(task_id: string): { change: (values: Limits | null) => void; asked: Limits } {
  const cache = useQueryClient();
  const refuse = useRefusal();
  const { mutate, variables, isPending } = useMutation({
    scope: { id: `limits/${task_id}` },
    mutationFn: (values: Limits | null) => {
      const kept = cache.getQueryData<TaskRead>(keys.task(task_id))?.config.gate;
      const usual = cache.getQueryData(settingsQuery.queryKey)?.gate ?? {};
      return data(updateTask({ path: { task_id }, body: { gate: values ? { ...kept, ...values } : usual } }));
    },
    onSuccess: (next) => {
      patchTask(cache, task_id, () => next);
      void cache.invalidateQueries({ queryKey: ["task", task_id, "report"] });
    },
    onError: (error) => refuse(error),
  });
  return { change: mutate, asked: (isPending && variables) || {} };
}
