package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/uptrace/bun"

	sb "signalbox"
)

// SyncDatasets brings the entries of a source's datasets in step with what it has: new ones appear, renamed ones are renamed,
// and those that are not there any more go with their grants. Nothing is held while nothing differs. Conflict when another watches.
func (s *Store) SyncDatasets(ctx context.Context, w sb.SourceWatchRef, there []sb.SourceDataset) error {
	if same, err := s.inStep(ctx, w, there); err != nil || same {
		return err
	}
	return s.change(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lockOrganisation(ctx); err != nil {
			return err
		}
		if _, err := t.watchingSource(ctx, w); err != nil {
			return err
		}
		source, err := t.lockSource(ctx, w.SourceID)
		if err != nil {
			return err
		}
		var rows []datasetRow
		if err := t.NewRaw("SELECT * FROM datasets WHERE source_id = ?", source.ID).Scan(ctx, &rows); err != nil {
			return err
		}
		return t.syncDatasets(ctx, source, there, rows)
	})
}

// inStep tells whether the entries of a source's datasets are as it has them. Conflict when another watches.
func (s *Store) inStep(ctx context.Context, w sb.SourceWatchRef, there []sb.SourceDataset) (same bool, err error) {
	err = s.view(ctx, func(ctx context.Context, q bun.IDB) error {
		watch, err := sourceWatchOf(ctx, q, w.SourceID)
		if err != nil {
			return err
		}
		if watch.Epoch != w.Epoch {
			return errWatchTaken
		}
		var rows []datasetRow
		if err := q.NewRaw("SELECT * FROM datasets WHERE source_id = ?", w.SourceID).Scan(ctx, &rows); err != nil {
			return err
		}
		here := make(map[string]datasetRow, len(rows))
		for _, row := range rows {
			here[row.SourceKey] = row
		}
		same = len(here) == len(there) && !slices.ContainsFunc(there, func(d sb.SourceDataset) bool {
			row, is := here[d.Key]
			return !is || row.SourceName != d.Name || row != stepped(row, d)
		})
		return nil
	})
	return same, err
}

// stepped is an entry with what changes there under the same name.
func stepped(row datasetRow, d sb.SourceDataset) datasetRow {
	row.Tags = tagsText(d.Tags)
	if d.Samples != nil {
		row.Samples = *d.Samples
	}
	return row
}

func (t *tx) syncDatasets(ctx context.Context, source sb.Source, there []sb.SourceDataset, rows []datasetRow) error {
	gone := make(map[string]datasetRow, len(rows))
	for _, row := range rows {
		gone[row.SourceKey] = row
	}
	var fresh []sb.SourceDataset
	var known []sb.SourceDataset
	for _, d := range there {
		if _, is := gone[d.Key]; is {
			known = append(known, d)
		} else {
			fresh = append(fresh, d)
		}
	}
	before := make(map[string]datasetRow, len(known))
	for _, d := range known {
		before[d.Key] = gone[d.Key]
		delete(gone, d.Key)
	}
	for _, row := range gone { // first, so that their names are free
		if err := t.deleteDataset(ctx, row, "Its dataset "+row.Name+" was deleted in "+source.Name+".", sb.Who{}); err != nil {
			return err
		}
	}
	for _, d := range known {
		if err := t.syncDataset(ctx, source, d, before[d.Key]); err != nil {
			return err
		}
	}
	for _, d := range fresh {
		if err := t.appear(ctx, source, d); err != nil {
			return err
		}
	}
	return nil
}

// syncDataset brings one entry in step. A name that somebody gave it here stays until it is renamed there.
func (t *tx) syncDataset(ctx context.Context, source sb.Source, d sb.SourceDataset, before datasetRow) error {
	after := stepped(before, d)
	if d.Name != before.SourceName {
		name, err := t.freeName(ctx, source, d, before.ID)
		if err != nil {
			return err
		}
		after.Name, after.SourceName = name, d.Name
	}
	if after == before {
		return nil
	}
	after.UpdatedAt = t.now
	_, err := t.update(ctx, before, after, "id = ?", before.ID)
	return err
}

// appear makes the entry of a dataset that is new here. It has no creator: nobody manages it by that.
func (t *tx) appear(ctx context.Context, source sb.Source, d sb.SourceDataset) error {
	name, err := t.freeName(ctx, source, d, "")
	if err != nil {
		return err
	}
	row := stepped(datasetRow{
		ID: newID(), Name: name, DefaultPermission: string(source.DefaultPermission), CreatedAt: t.now, UpdatedAt: t.now,
		SourceID: source.ID, SourceKey: d.Key, SourceName: d.Name, Samples: -1,
	}, d)
	return insert(ctx, t, &row)
}

// freeName is the name of a dataset here: its own; name@source when that is another's.
func (t *tx) freeName(ctx context.Context, source sb.Source, d sb.SourceDataset, id string) (string, error) {
	own := fitting(d.Name)
	for _, name := range []string{own, fitting(own + "@" + source.Name), d.Key + "@" + source.ID} {
		var others int
		if err := t.NewRaw("SELECT count(*) FROM datasets WHERE name = ? AND id <> ?", name, id).Scan(ctx, &others); err != nil {
			return "", err
		}
		if others == 0 {
			return name, nil
		}
	}
	return "", sb.Errorf(sb.Conflict, "a dataset of the source %s has no free name here", source.Name)
}

// fitting makes a name of elsewhere one that a dataset may have here.
func fitting(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, sb.Unturned(strings.ToValidUTF8(name, "\uFFFD")))
	if letters := []rune(name); len(letters) > 200 {
		name = string(letters[:199]) + "…"
	}
	if sb.CheckName(name) != "" {
		return "(" + name + ")"
	}
	return name
}

// DatasetOfSource finds the entry of a source's dataset. NotFound when it has not appeared here.
func (s *Store) DatasetOfSource(ctx context.Context, sourceID, key string) (sb.Dataset, error) {
	var rows []datasetRow
	err := s.read.NewRaw("SELECT * FROM datasets WHERE source_id = ? AND source_key = ? AND source_id <> ''", sourceID, key).Scan(ctx, &rows)
	row, err := one(rows, err, "dataset", key)
	return row.dataset(), tidy(err)
}

// newOperation makes an id as MongoDB does: it begins with the time.
func newOperation(now time.Time) string {
	var id [12]byte
	binary.BigEndian.PutUint32(id[:4], uint32(now.Unix())) //nolint:gosec // until 2106
	_, _ = rand.Read(id[4:])
	return hex.EncodeToString(id[:])
}
