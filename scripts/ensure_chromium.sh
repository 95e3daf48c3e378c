#!/bin/sh
# Prints the path of a Chromium, or of a Chrome, that can show a page without a screen.
set -eu

candidates() {
    echo "${CHROMIUM:-}"
    for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
        command -v $name || true
    done
    for folder in /Applications "${HOME:-}/Applications"; do
        echo "$folder/Chromium.app/Contents/MacOS/Chromium"
        echo "$folder/Google Chrome.app/Contents/MacOS/Google Chrome"
    done
}

search() {
    while IFS= read -r path; do
        [ -n "$path" ] && [ -f "$path" ] && [ -x "$path" ] || continue
        echo "$path"
        return
    done
}

found=$(candidates | search)

if [ -z "$found" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium" >&2
    apt-get update -qq >&2 && apt-get install -y -qq chromium >/dev/null || true
    found=$(candidates | search)
fi

if [ -z "$found" ]; then
    echo "Chromium is needed. Debian: apt install chromium; macOS: brew install --cask chromium" >&2
    exit 1
fi
echo "$found"
