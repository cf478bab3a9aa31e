import { lazy, Suspense, type ReactNode } from "react";
import { createBrowserRouter, Navigate } from "react-router";
import { ChooseFiles } from "@/features/upload/components/choose-files";
import { CrashPage, NotFoundPage } from "./pages";
import { Shell } from "./shell";

const Dashboard = lazy(() => import("@/features/dashboard/components/dashboard"));
const Editor = lazy(() => import("@/features/editor/components/editor-page"));
const Settings = lazy(() => import("@/features/settings/components/settings-page"));

const later = (page: ReactNode) => (
  <Suspense
    fallback={
      <div className="p-6">
        <div className="skeleton h-40" />
      </div>
    }
  >
    {page}
  </Suspense>
);

export function createRouter(): ReturnType<typeof createBrowserRouter> {
  return createBrowserRouter([
    {
      element: <Shell />,
      errorElement: <CrashPage />,
      children: [
        { path: "/", element: <Navigate to="/dashboard" replace /> },
        { path: "/dashboard", element: later(<Dashboard Choose={ChooseFiles} />), errorElement: <CrashPage /> },
        { path: "/tasks/:taskId", element: later(<Editor />), errorElement: <CrashPage /> },
        { path: "/settings", element: later(<Settings />), errorElement: <CrashPage /> },
        { path: "*", element: <NotFoundPage /> },
      ],
    },
  ]);
}
