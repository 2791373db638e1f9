package files

// ThumbnailType is the media type of thumbnails.
const ThumbnailType = "image/jpeg"
