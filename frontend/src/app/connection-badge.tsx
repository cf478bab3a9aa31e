import { Radio, RefreshCw, WifiOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Badge } from "@/components/ui/badge";
import { useShownConnection } from "@/api/connection";

const LOOKS = {
  connecting: { look: "idle", icon: RefreshCw },
  live: { look: "good", icon: Radio },
  polling: { look: "warn", icon: RefreshCw },
  offline: { look: "bad", icon: WifiOff },
} as const;

/** Whether what is shown comes by itself, is asked for every two seconds, or is old. */
export function ConnectionBadge() {
  const { t } = useTranslation();
  const shown = useShownConnection();
  const { look, icon: Icon } = LOOKS[shown];
  return (
    <span role="status" data-connection={shown} title={t(`connection.${shown}_hint`)}>
      <Badge look={look}>
        <Icon aria-hidden size={12} />
        {t(`connection.${shown}`)}
      </Badge>
    </span>
  );
}
