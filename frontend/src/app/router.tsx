import { createBrowserRouter, Navigate } from "react-router";
import { ChooseFiles } from "@/features/upload/components/choose-files";
import { later } from "@/components/ui/later";
import { CrashPage, NotFoundPage } from "./pages";
import { Shell } from "./shell";

const loading = (
  <div className="p-6">
    <div className="skeleton h-40" />
  </div>
);
const Dashboard = later(() => import("@/features/dashboard/components/dashboard"), loading);
const TrySample = later(() => import("@/features/upload/components/try-sample"));
const Editor = later(() => import("@/features/editor/components/editor-page"), loading);
const Settings = later(() => import("@/features/settings/components/settings-page"), loading);

export function createRouter(): ReturnType<typeof createBrowserRouter> {
  return createBrowserRouter([
    {
      element: <Shell />,
      errorElement: <CrashPage />,
      children: [
        { path: "/", element: <Navigate to="/dashboard" replace /> },
        { path: "/dashboard", element: <Dashboard Choose={ChooseFiles} Sample={TrySample} />, errorElement: <CrashPage /> },
        { path: "/tasks/:taskId", element: <Editor />, errorElement: <CrashPage /> },
        { path: "/settings", element: <Settings />, errorElement: <CrashPage /> },
        { path: "*", element: <NotFoundPage /> },
      ],
    },
  ]);
}
