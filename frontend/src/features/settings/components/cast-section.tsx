import "@/i18n/later";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { account, castQuery } from "@/api/account";
import type { CastRead } from "@/api/generated";
import { NameField } from "@/components/name-field";
import { IconButton } from "@/components/ui/icon-button";
import { useRefusal } from "@/i18n/refusal";
import { Section } from "./section";

/** People known from earlier videos. */
export function CastSection() {
  const { t } = useTranslation();
  const refuse = useRefusal();
  const cache = useQueryClient();
  const { data: cast } = useQuery(castQuery);
  const { mutate } = useMutation({
    mutationFn: (act: () => Promise<unknown>) => act(),
    onSuccess: () => cache.invalidateQueries({ queryKey: castQuery.queryKey }),
    onError: (error) => refuse(error),
  });
  if (!cast) return null;
  return (
    <Section title={t("cast.title")} text={t("cast.text")}>
      {cast.length === 0 && <p className="text-soft">{t("cast.empty")}</p>}
      <ul className="divide-line divide-y">
        {cast.map((member) => (
          <Member
            key={`${member.cast_id}-${member.version}`}
            member={member}
            onRename={(name) => mutate(() => account.renameCast(member, name))}
            onRemove={() => mutate(() => account.removeCast(member.cast_id))}
          />
        ))}
      </ul>
    </Section>
  );
}

function Member({
  member,
  onRename,
  onRemove,
}: {
  member: CastRead;
  onRename: (name: string) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  return (
    <li className="flex items-center gap-3 py-2">
      <NameField name={member.name} className="max-w-64" onCommit={onRename} />
      <span className="text-soft flex-1 text-xs">
        {t("cast.episodes", { count: member.episodes })}
        {member.outdated && ` · ${t("cast.outdated")}`}
      </span>
      <IconButton small icon={Trash2} label={t("cast.remove", { name: member.name })} onClick={onRemove} />
    </li>
  );
}
