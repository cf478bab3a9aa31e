import { useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import { healthQuery } from "@/api/queries";

const PARTS = ["database", "store", "broker"] as const;

/** What the gateway cannot reach and what that stops; nothing while all is well. */
export function HealthBanner() {
  const { t } = useTranslation();
  const { data: health } = useQuery({ ...healthQuery, refetchInterval: 15_000 });
  const away = PARTS.filter((part) => health?.checks[part] === false);
  return (
    <div role="status">
      {away.map((part) => (
        <p key={part} className="bg-sunken text-warn border-line flex items-center gap-2 border-b px-3 py-2 sm:px-5">
          <TriangleAlert aria-hidden size={16} className="shrink-0" />
          {t(`health.${part}`)}
        </p>
      ))}
    </div>
  );
}
