#!/bin/sh
# The operator `list_images`: a shell script that tells its progress and result with the command `signalbox report`.
set -eu

# Prints a param of this run.
param() {
	python3 -c '
import json, os, sys
with open(os.environ["SIGNALBOX_CONTEXT"], encoding="utf-8") as f:
    print(json.load(f)["params"][sys.argv[1]], end="")' "$1"
}

# Prints a text as a JSON string.
quoted() {
	python3 -c 'import json, os, sys; print(json.dumps(os.fsencode(sys.argv[1]).decode("utf-8", "replace")), end="")' "$1"
}

folder=$(param folder)
pattern=$(param pattern)
if [ ! -d "$folder" ]; then
	echo "There is no folder $folder here." >&2
	exit 1
fi

# The files become the script's arguments, so that any name is one of them.
set --
for file in "$folder"/*; do
	case ${file##*/} in
	$pattern) [ ! -f "$file" ] || set -- "$@" "$file" ;;
	esac
done
signalbox report progress 0 "$# images in $folder"

result=$(mktemp)
trap 'rm -f "$result"' EXIT
printf '{"count":%d,"images":[' $# >"$result"
done=0
for file; do
	[ "$done" -eq 0 ] || printf ',' >>"$result"
	size=$(wc -c <"$file")
	printf '{"file":%s,"bytes":%d}' "$(quoted "${file##*/}")" "$size" >>"$result"
	done=$((done + 1))
	echo "$done of $#: ${file##*/}, $((size)) bytes"
	if [ $((done % 5)) -eq 0 ]; then
		signalbox report progress "$(awk "BEGIN { print $done / $# }")" "${file##*/}"
	fi
done
printf ']}' >>"$result"

signalbox report progress 1 "$# images listed"
signalbox report result "@$result"
