// Makes large photos small before they travel: at most 1600 pixels, JPEG. Used as `smallPhoto(file)`.
"use strict";

const PHOTO_SIDE = 1600;
const PHOTO_GOOD_ENOUGH = 900 * 1024; // bytes: a JPEG of this size goes as it is

async function smallPhoto(file) {
  let picture;
  try {
    picture = await readPicture(file);
  } catch (error) {
    return file; // this browser can't show it; whoever receives it will say what is wrong
  }
  const width = picture.naturalWidth;
  const height = picture.naturalHeight;
  const scale = Math.min(1, PHOTO_SIDE / Math.max(width, height));
  if (scale === 1 && file.type === "image/jpeg" && file.size <= PHOTO_GOOD_ENOUGH) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.86));
  return small && small.size < file.size ? small : file;
}

function readPicture(file) {
  return new Promise((done, fail) => {
    const link = URL.createObjectURL(file);
    const picture = new Image();
    picture.onload = () => {
      URL.revokeObjectURL(link);
      done(picture);
    };
    picture.onerror = () => {
      URL.revokeObjectURL(link);
      fail(new Error("not a picture"));
    };
    picture.src = link;
  });
}
