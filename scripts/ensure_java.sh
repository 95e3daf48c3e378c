#!/bin/sh
# Prints the home of a Java that Spark runs on: 17 or 21 where there is one, else a later one.
set -eu

version_of() {
    "$1/bin/java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1
}

home_of_java_on_path() {
    java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p'
}

candidates() {
    echo "${JAVA_HOME:-}"
    command -v java >/dev/null && home_of_java_on_path
    for version in 17 21; do
        [ -x /usr/libexec/java_home ] && /usr/libexec/java_home -v $version 2>/dev/null
        for prefix in /opt/homebrew /usr/local; do
            echo "$prefix/opt/openjdk@$version/libexec/openjdk.jdk/Contents/Home"
        done
        ls -d /usr/lib/jvm/java-$version-* 2>/dev/null || true
    done
    true
}

search() {
    later=
    while IFS= read -r home; do
        [ -n "$home" ] && [ -x "$home/bin/java" ] || continue
        version=$(version_of "$home")
        case $version in
            17 | 21) echo "$home"; return ;;
        esac
        [ "${version:-0}" -ge 17 ] && later=${later:-$home}
    done
    echo "$later"
}

found=$(candidates | search)

if [ -z "$found" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Java 17" >&2
    apt-get update -qq >&2
    apt-get install -y -qq openjdk-17-jre-headless >/dev/null
    found=$(candidates | search)
fi

if [ -z "$found" ]; then
    echo "Java 17 or later is needed. Debian: apt install openjdk-17-jre-headless; macOS: brew install openjdk@17" >&2
    exit 1
fi
echo "$found"
