#!/usr/bin/env bash
# Make the root folder of the Android-like device: Debian trixie with its real adbd, mksh (Android's own shell) and a
# Java runtime. make_root.sh [DIR]: prints the folder's path as its last line; does nothing where it is there already.
# Needs root, mmdebstrap and debian-archive-keyring. The mirror is the one that this machine's apt uses, or
# EDGEKIT_DEBIAN_MIRROR. Takes about half a minute and 300 MB; made once, then shared read-only by every device.
set -euo pipefail
umask 022
SUITE=trixie
PACKAGES=adbd,mksh,openjdk-21-jre-headless
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
script=$(readlink -f "$0")
hash=$(sha256sum "$script" | cut -c1-12)
root=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/edgekit/android-root-$hash}

fail() { echo "no root folder for the Android-like device: $1" >&2; exit 3; }

mirror() {  # mirror APT RELEASE: the first source in the folder APT that serves RELEASE and its component main
    local file files=(/dev/null) # without a file awk would read standard input
    for file in "$1"/sources.list "$1"/sources.list.d/{debian.sources,*.sources,*.list}; do # Debian's own names first
        [ -f "$file" ] && files+=("$file")
    done
    awk -v release="$2" '
        function has(words, word) { return word != "" && index(" " words " ", " " word " ") }
        function take() {
            if (uri != "" && !off && has(types, "deb") && has(suites, release) && has(components, "main")) {
                print uri; done = 1; exit
            }
            uri = types = suites = components = ""; off = 0
        }
        function rest() { $1 = ""; sub(/^ +/, ""); return $0 }
        FNR == 1 { take() }
        /^deb[ \t]/ {
            sub(/\[[^]]*\]/, ""); types = "deb"; uri = $2; suites = $3; $1 = $2 = $3 = ""; components = $0
            take(); next
        }
        /^Types:/ { types = rest() } /^URIs:/ { uri = $2 }
        /^Suites:/ { suites = rest() } /^Components:/ { components = rest() }
        /^Enabled:/ { off = tolower($2) ~ /^(no|false|without|off|disable)$/ }
        /^[ \t]*$/ { take() }
        END { if (!done) take() }
    ' "${files[@]}"
}

mkdir -p "$(dirname "$root")"
exec 9> "$root.lock"
flock 9  # two tests that start at the same time make one root
[ -e "$root/made" ] && { echo "$root"; exit 0; }

[ "$(id -u)" -eq 0 ] || fail "it must be made as root"
command -v mmdebstrap > /dev/null || fail "mmdebstrap is missing (Debian: apt install mmdebstrap)"
[ -e "$KEYRING" ] || fail "Debian's keys are missing (apt install debian-archive-keyring)"
mirror=${EDGEKIT_DEBIAN_MIRROR:-$(mirror /etc/apt "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")")}
[ -n "$mirror" ] || fail "apt names no Debian mirror here; name one in EDGEKIT_DEBIAN_MIRROR"

part=$root.part
rm -rf "$part"
trap 'rm -rf "$part"' EXIT
began=$(date +%s)
proxies=$(apt-config dump --format '%F "%v";%n' Acquire | grep -i '::proxy' || true)
mmdebstrap --quiet --mode=root --variant=essential --include="$PACKAGES" --keyring="$KEYRING" --aptopt="${proxies:-APT::Color 0;}" \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "$SUITE" "$part" "$mirror" >&2 ||
    fail "mmdebstrap could not fetch $PACKAGES of $SUITE from this machine's Debian mirror"

# A phone's users: permissions then mean what they mean there. Groups are those of AOSP's android_filesystem_config.h.
cat >> "$part/etc/passwd" << 'USERS'
system:x:1000:1000::/:/usr/bin/mksh
shell:x:2000:2000::/:/bin/sh
u0_a123:x:10123:10123::/:/bin/sh
u0_a124:x:10124:10124::/:/bin/sh
u0_a125:x:10125:10125::/:/bin/sh
USERS
cat >> "$part/etc/group" << 'GROUPS'
system:x:1000:
input_events:x:1004:shell
log:x:1007:shell
adb_:x:1011:shell
sdcard_rw:x:1015:shell
media_rw:x:1023:
ext_data_rw:x:1078:shell
shell:x:2000:
readproc:x:3009:shell
u0_a123:x:10123:
u0_a124:x:10124:
u0_a125:x:10125:
GROUPS
ln -sfn mksh "$part/usr/bin/sh"
find "$part" -xdev -type f -perm /6000 -exec chmod a-s {} +
rm -rf "$part"/var/cache/* "$part"/var/lib/apt/lists/* "$part"/usr/share/{zoneinfo,i18n,info,man}
mkdir -p "$part"/{data,storage/emulated/0} "$part"/system/{bin,framework,lib64} "$part/mnt/user/0"
ln -sfn storage/emulated/0 "$part/sdcard"
touch "$part/made"
mv "$part" "$root"
trap - EXIT
echo "made in $(($(date +%s) - began)) s, $(du -sm "$root" | cut -f1) MB" >&2
echo "$root"
