; The installer of the one-folder build, for one person and without asking for more rights. build_installer.py has
; makensis' arguments. The installer's own: /S asks nothing, /STARTATLOGIN starts it with the session, /D=FOLDER is
; where it goes and comes last.

Target amd64-unicode ; as the program is
!ifdef QUICK
    SetCompressor zlib
!else
    SetCompressor /SOLID lzma
!endif
RequestExecutionLevel user
AllowSkipFiles off

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh

!define PROGRAM "$INSTDIR\trayquota.exe"
!define RECORDS "$LOCALAPPDATA\trayquota"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\trayquota"
!define ENDS_IN_HALF_SECONDS 240 ; an applet that refreshes a login waits for the provider, 90 s at most

Name "trayquota"
BrandingText "trayquota ${VERSION}"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\trayquota"
InstallDirRegKey HKCU "${UNINSTALL_KEY}" "InstallLocation"

Var WasRunning
Var StartsAtLogin

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "${PROGRAM}"
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; The applet's files are its own until it has ended.
!macro EndApplet un
    Function ${un}EndApplet
        StrCpy $WasRunning "no"
        ${IfNot} ${FileExists} "${PROGRAM}"
            Return
        ${EndIf}
        nsExec::Exec '"${PROGRAM}" quit'
        Pop $0
        ${If} $0 == 0
            StrCpy $WasRunning "yes"
        ${EndIf}
        ${ForEach} $1 1 ${ENDS_IN_HALF_SECONDS} + 1
            ClearErrors
            FileOpen $2 "${PROGRAM}" a
            ${IfNot} ${Errors}
                FileClose $2
                Return
            ${EndIf}
            Sleep 500
        ${Next}
        MessageBox MB_OK|MB_ICONSTOP "trayquota is still running. Quit it, and close what uses it in a terminal." /SD IDOK
        Abort
    FunctionEnd
!macroend
!insertmacro EndApplet ""
!insertmacro EndApplet "un."

Section "trayquota" SecProgram
    SectionIn RO
    Call EndApplet
    SetOutPath "$INSTDIR"
    RMDir /r "$INSTDIR\_internal" ; has modules that the new version may not have
    File "${BUILD}\trayquota.exe"
    File /r "${BUILD}\_internal"
    WriteUninstaller "$INSTDIR\Uninstall.exe"
    CreateShortcut "$SMPROGRAMS\trayquota.lnk" "${PROGRAM}"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "trayquota"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" "${PROGRAM}"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "Publisher" "The authors of trayquota"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\Uninstall.exe"'
    WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\Uninstall.exe" /S'
    WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
    WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoRepair" 1
    ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
    WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" $0
SectionEnd

Section /o "Start at login" SecStart
SectionEnd

; What starts with the session by now may have options of the person's own, so it is written only when it changes.
Section "-After"
    ${If} ${SectionIsSelected} ${SecStart}
    ${AndIf} $StartsAtLogin == ""
        nsExec::Exec '"${PROGRAM}" autostart on'
        Pop $0
    ${ElseIfNot} ${SectionIsSelected} ${SecStart}
    ${AndIf} $StartsAtLogin != ""
        nsExec::Exec '"${PROGRAM}" autostart off'
        Pop $0
    ${EndIf}
    ${If} $WasRunning == "yes"
        Exec '"${PROGRAM}"'
    ${EndIf}
SectionEnd

Function .onInit
    ReadRegStr $StartsAtLogin HKCU "${RUN_KEY}" "trayquota"
    ${GetParameters} $0
    ClearErrors
    ${GetOptions} $0 "/STARTATLOGIN" $1
    ${IfNot} ${Errors}
    ${OrIf} $StartsAtLogin != ""
        !insertmacro SelectSection ${SecStart}
    ${EndIf}
FunctionEnd

Section "un.trayquota"
    SectionIn RO
    Call un.EndApplet
    nsExec::Exec '"${PROGRAM}" autostart off'
    Pop $0
    Delete "$SMPROGRAMS\trayquota.lnk"
    Delete "${PROGRAM}"
    RMDir /r "$INSTDIR\_internal"
    Delete "$INSTDIR\Uninstall.exe"
    RMDir "$INSTDIR" ; only when nobody else has put anything there
    DeleteRegKey HKCU "${UNINSTALL_KEY}"
SectionEnd

; The settings stay, and a login that is not yet in its file.
Section "un.What it has recorded" SecRecords
    Delete "${RECORDS}\state.json*"
    Delete "${RECORDS}\history.sqlite3*"
    Delete "${RECORDS}\history.html*"
    Delete "${RECORDS}\pauses.json*"
    Delete "${RECORDS}\refused-keys.json*"
    Delete "${RECORDS}\instance.json*"
    Delete "${RECORDS}\*.lock"
    Delete "${RECORDS}\renewals\*.spent"
    Delete "${RECORDS}\renewals\*.dead"
    Delete "${RECORDS}\renewals\*.lock"
    RMDir "${RECORDS}\renewals"
    RMDir /r "${RECORDS}\Logs"
    RMDir "${RECORDS}"
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
    !insertmacro MUI_DESCRIPTION_TEXT ${SecProgram} "The program, and its entry in the start menu."
    !insertmacro MUI_DESCRIPTION_TEXT ${SecStart} "The icon is there when you have signed in."
!insertmacro MUI_FUNCTION_DESCRIPTION_END
!insertmacro MUI_UNFUNCTION_DESCRIPTION_BEGIN
    !insertmacro MUI_DESCRIPTION_TEXT ${SecRecords} "Last values, history and log. Your settings stay in any case."
!insertmacro MUI_UNFUNCTION_DESCRIPTION_END
