; A program that stands in for the one-folder build: it writes down how it was called, and keeps the session's start.
Target amd64-unicode
SilentInstall silent
RequestExecutionLevel user
OutFile "${OUTPUT}"
!include FileFunc.nsh
!include LogicLib.nsh
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"

Section
    ${GetParameters} $0
    FileOpen $1 "$TEMP\calls.txt" a
    FileSeek $1 0 END
    FileWrite $1 "$0$\r$\n"
    FileClose $1
    ${Select} $0
        ${Case} "autostart on"
            WriteRegStr HKCU "${RUN_KEY}" "trayquota" "$EXEPATH"
        ${Case} "autostart off"
            DeleteRegValue HKCU "${RUN_KEY}" "trayquota"
        ${Case} "quit"
            SetErrorLevel 1 ; no applet is running
    ${EndSelect}
SectionEnd
