import { create } from "zustand";

export type Theme = "light" | "dark" | null;

const KEPT = "localclip.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function kept(): Theme {
  const theme = localStorage.getItem(KEPT);
  return theme === "light" || theme === "dark" ? theme : null;
}

interface ThemeState {
  chosen: Theme;
  dark: boolean;
  choose: (theme: Theme) => void;
}

export const useTheme = create<ThemeState>((set) => ({
  chosen: kept(),
  dark: document.documentElement.classList.contains("dark"),
  choose: (theme) => {
    if (theme) localStorage.setItem(KEPT, theme);
    else localStorage.removeItem(KEPT);
    set({ chosen: theme, dark: show(theme) });
  },
}));

function show(theme: Theme): boolean {
  const dark = theme ? theme === "dark" : system.matches;
  document.documentElement.classList.toggle("dark", dark);
  return dark;
}

system.addEventListener("change", () => {
  const { chosen } = useTheme.getState();
  useTheme.setState({ dark: show(chosen) });
});
