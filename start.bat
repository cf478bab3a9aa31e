@echo off
rem LocalClip on Windows: brings the Python environment up to date, then runs everything at http://localhost:8080
setlocal EnableExtensions
cd /d "%~dp0"
set "UV_VERSION=0.13.9"
set "PYTHONS=>=3.11,<3.14"
set "UV=%CD%\.tools\uv\Scripts\uv.exe"
set "VIRTUAL_ENV=%CD%\.venv"

rem Nothing to do where the environment was made from these very files.
if not exist ".venv\Scripts\localclip.exe" goto install
fc /b requirements.lock ".venv\requirements.lock" >nul 2>nul || goto install
fc /b pyproject.toml ".venv\pyproject.toml" >nul 2>nul || goto install
fc /b clients\python\pyproject.toml ".venv\client-pyproject.toml" >nul 2>nul || goto install
goto tools

:install
if not exist "%UV%" goto fetch_uv
"%UV%" --version | findstr /c:"uv %UV_VERSION%" >nul && goto have_uv
:fetch_uv
py -3 -m venv --clear ".tools\uv" 2>nul || python -m venv --clear ".tools\uv" 2>nul || goto no_python
".tools\uv\Scripts\python.exe" -m pip install -q --disable-pip-version-check "uv==%UV_VERSION%" || goto failed
:have_uv
if exist ".venv\Scripts\python.exe" goto packages
echo Making the Python environment, some minutes, once ...
rem A Python of this machine that fits, else uv fetches one.
"%UV%" venv -q --seed --clear --python "%PYTHONS%" ".venv" || goto failed
:packages
echo Bringing the Python packages up to date ...
"%UV%" pip install -q -r requirements.lock || goto failed
"%UV%" pip install -q --no-deps -e . -e clients/python || goto failed
copy /y requirements.lock ".venv\requirements.lock" >nul
copy /y pyproject.toml ".venv\pyproject.toml" >nul
copy /y clients\python\pyproject.toml ".venv\client-pyproject.toml" >nul

:tools
where nats-server >nul 2>nul || echo nats-server is missing, nothing runs without: winget install NATSAuthors.NATSServer
where ffmpeg >nul 2>nul || echo ffmpeg is missing, nothing runs without: winget install Gyan.FFmpeg
where espeak-ng >nul 2>nul || echo espeak-ng is missing, no embedded voice speaks without: winget install eSpeak-NG.eSpeak-NG
echo Not on Windows: translation by Apertium (bring subtitles of the target language, or fetch a model:
echo ".venv\Scripts\localclip.exe" models list), and the English voices and the sample video of flite.
if not exist "frontend\dist\index.html" echo The web app is not built; with Node.js: cd frontend, npm ci, npm run build

".venv\Scripts\localclip.exe" up %*
if errorlevel 1 goto failed
exit /b 0

:no_python
echo Python is needed, 3.11 or newer: winget install Python.Python.3.12
goto end

:failed
echo.
echo LocalClip did not start; ".venv\Scripts\localclip.exe" doctor tells what is missing.
:end
pause
exit /b 1
