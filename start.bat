@echo off
rem LocalClip on Windows: makes the Python environment on the first start, then runs everything at http://localhost:8080
setlocal
cd /d "%~dp0"
set "UV_VERSION=0.13.9"

if not exist ".venv\Scripts\localclip.exe" (
    echo Making the Python environment, some minutes, once ...
    py -3.12 -m venv .venv 2>nul || py -3.11 -m venv .venv 2>nul || python -m venv .venv
    if errorlevel 1 (
        echo Python 3.11 or 3.12 is needed: winget install Python.Python.3.12
        goto failed
    )
    ".venv\Scripts\python.exe" -m pip install -q --disable-pip-version-check "uv==%UV_VERSION%" || goto failed
    set "VIRTUAL_ENV=%CD%\.venv"
    ".venv\Scripts\uv.exe" pip sync -q --python ".venv\Scripts\python.exe" requirements.lock || goto failed
    ".venv\Scripts\uv.exe" pip install -q --python ".venv\Scripts\python.exe" --no-deps -e . || goto failed
)

where nats-server >nul 2>nul || echo nats-server is missing: winget install NATSAuthors.NATSServer, or https://nats.io/download
where ffmpeg >nul 2>nul || echo ffmpeg is missing: winget install Gyan.FFmpeg
where espeak-ng >nul 2>nul || echo espeak-ng is missing: winget install eSpeak-NG.eSpeak-NG

".venv\Scripts\localclip.exe" up %*
if errorlevel 1 goto failed
exit /b 0

:failed
echo.
echo LocalClip did not start; ".venv\Scripts\localclip.exe doctor" tells what is missing.
pause
exit /b 1
