package logs

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"

	sb "signalbox"
)

// The index of a finished log lies beside it. Its bytes: "SBLI", the version, then as unsigned varints the size of the
// log, the number of entries, the entries of each severity from least to most, the number of the first error plus one
// (0 for none) and its offset, the entries of a block, the number of blocks, and for each block how far its offset lies
// behind the one before, with a byte of bits that tell which severities are in it, and how much later than any before it
// its latest line is, in milliseconds since 1970.
const (
	indexMagic   = "SBLI\x02"
	indexSuffix  = ".idx"
	blockEntries = 256
)

// block is a run of blockEntries entries.
type block struct {
	offset int64
	levels byte  // bit i: sb.Severities[i]
	latest int64 // time of the latest line up to its end, in milliseconds since 1970; 0 for none
}

// index tells where the entries of a log lie and how severe they are.
type index struct {
	size        int64
	entries     int64
	levels      [5]int64
	firstError  int64 // -1: none
	errorOffset int64
	blocks      []block
	latest      int64 // of the last block
}

func newIndex() *index { return &index{firstError: -1} }

// add counts the next entry; entries come in the order of the log.
func (x *index) add(e entry) error {
	level := max(slices.Index(sb.Severities, e.severity), 0)
	if x.entries%blockEntries == 0 {
		x.blocks = append(x.blocks, block{offset: e.start})
	}
	last := &x.blocks[len(x.blocks)-1]
	last.levels |= 1 << level
	if e.at != nil {
		x.latest = max(x.latest, e.at.UnixMilli())
	}
	last.latest = x.latest
	if x.firstError < 0 && level >= slices.Index(sb.Severities, sb.ErrorLine) {
		x.firstError, x.errorOffset = x.entries, e.start
	}
	x.levels[level]++
	x.entries++
	x.size = e.end
	return nil
}

func (x *index) encode() []byte {
	b := []byte(indexMagic)
	put := func(n int64) { b = binary.AppendUvarint(b, uint64(n)) } //nolint:gosec // none is negative
	put(x.size)
	put(x.entries)
	for _, n := range x.levels {
		put(n)
	}
	put(x.firstError + 1)
	put(x.errorOffset)
	put(blockEntries)
	put(int64(len(x.blocks)))
	var last block
	for _, k := range x.blocks {
		put(k.offset - last.offset)
		b = append(b, k.levels)
		put(k.latest - last.latest)
		last = k
	}
	return b
}

// decodeIndex reads an index. Errors: Internal, when it is damaged or of another version.
func decodeIndex(b []byte) (*index, error) {
	damaged := sb.Errorf(sb.Internal, "the index of the log is damaged")
	rest, ok := bytes.CutPrefix(b, []byte(indexMagic))
	if !ok {
		return nil, damaged
	}
	r := bytes.NewReader(rest)
	get := func() int64 {
		n, err := binary.ReadUvarint(r)
		if err != nil {
			ok = false
		}
		return int64(n) //nolint:gosec // checked where it could hurt
	}
	x := &index{size: get(), entries: get()}
	for i := range x.levels {
		x.levels[i] = get()
	}
	x.firstError, x.errorOffset = get()-1, get()
	if get() != blockEntries {
		return nil, damaged
	}
	blocks := get()
	if !ok || blocks < 0 || blocks > int64(len(rest)) {
		return nil, damaged
	}
	x.blocks = make([]block, 0, blocks)
	var last block
	for range blocks {
		last.offset += get()
		levels, err := r.ReadByte()
		last.levels = levels
		last.latest += get()
		if !ok || err != nil {
			return nil, damaged
		}
		x.blocks = append(x.blocks, last)
	}
	return x, nil
}

// end is where a block ends.
func (x *index) end(i int64) int64 {
	if i+1 < int64(len(x.blocks)) {
		return x.blocks[i+1].offset
	}
	return x.size
}

// block is the number of the block that begins at an offset.
func (x *index) block(offset int64) int64 {
	return int64(sort.Search(len(x.blocks), func(i int) bool { return x.blocks[i].offset >= offset }))
}

// answer is the index as it is shown.
func (x *index) answer(complete bool) sb.LogIndex {
	out := sb.LogIndex{Lines: x.entries, Levels: make(map[sb.Severity]int64, len(x.levels)), Complete: complete}
	for i, n := range x.levels {
		out.Levels[sb.Severities[i]] = n
	}
	if x.firstError >= 0 {
		out.FirstError = &x.firstError
	}
	return out
}

// atLeast tells which severities are a level or worse, as the bits of a block.
func atLeast(level sb.Severity) byte {
	return 0xff << max(slices.Index(sb.Severities, level), 0)
}
