package notify

import (
	"time"

	"crm/db"
)

// The formats of dates and times in messages.
const (
	dateFormat = "Mon, 2 Jan 2006"
	timeFormat = "15:04"
)

// moment formats a point in time with the offset of its zone: "Tue, 27 Aug 2024, 22:03 UTC+02:00".
func moment(t time.Time) string { return t.Format(dateFormat+", "+timeFormat) + " " + offset(t) }

// offset formats the offset of a time's zone: "UTC+02:00", or "UTC" if there is none.
func offset(t time.Time) string {
	if _, seconds := t.Zone(); seconds == 0 {
		return "UTC"
	}
	return t.Format("UTC-07:00")
}

// when formats when an interaction takes place, in a time zone. Whole days are the same in all zones.
func when(i *db.Interaction, zone *time.Location) string {
	if i.AllDay {
		return days(i.StartTime, i.EndTime)
	}
	return span(i.StartTime, i.EndTime, zone)
}

// span formats when something starts and, if that is known, ends. The offset stands once, unless it changes in between.
func span(start time.Time, end *time.Time, zone *time.Location) string {
	start = start.In(zone)
	if end == nil {
		return moment(start)
	}
	ends := end.In(zone)
	switch {
	case offset(start) != offset(ends):
		return moment(start) + " to " + moment(ends)
	case start.Format(time.DateOnly) == ends.Format(time.DateOnly):
		return start.Format(dateFormat+", "+timeFormat) + " to " + ends.Format(timeFormat) + " " + offset(ends)
	}
	return start.Format(dateFormat+", "+timeFormat) + " to " + moment(ends)
}

// days formats the days from a midnight, in UTC, up to another: "Tue, 27 Aug 2024 to Wed, 28 Aug 2024, all day".
func days(start time.Time, end *time.Time) string {
	first := start.UTC().Format(dateFormat)
	if end == nil {
		return first + ", all day"
	}
	if last := end.UTC().AddDate(0, 0, -1).Format(dateFormat); last != first && end.After(start) {
		return first + " to " + last + ", all day"
	}
	return first + ", all day"
}
