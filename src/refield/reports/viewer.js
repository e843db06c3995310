/* Two pictures in a frame under one slider: a drag, or the arrow keys, uncovers more of the left one.

   `show(left, right)` draws a picture each: {source, name}, and {error: {of, gain}} to see how far it is from another, each
   colour channel times the gain; without a left one there is no slider. Errors are computed here, from the pictures
   themselves, which are lossless. */
function viewer(frame) {
  const [under, over] = frame.querySelectorAll("canvas"), seam = frame.querySelector(".seam");
  const [nameLeft, nameRight] = frame.querySelectorAll(".name"), slide = frame.querySelector("input");
  const load = source => new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("a picture could not be read"));
    image.src = source;
  });
  const pixels = image => {
    const canvas = Object.assign(document.createElement("canvas"), {width: image.naturalWidth, height: image.naturalHeight});
    const context = canvas.getContext("2d", {willReadFrequently: true});
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  };
  async function drawn({source, error}) {
    const picture = pixels(await load(source));
    if (error) {
      const {data} = pixels(await load(error.of));
      for (let i = 0; i < data.length; i++)
        if (i % 4 < 3) picture.data[i] = Math.min(255, error.gain * Math.abs(picture.data[i] - data[i]));
    }
    return picture;
  }
  function paint(canvas, picture) {
    [canvas.width, canvas.height] = [picture.width, picture.height];
    canvas.getContext("2d", {willReadFrequently: true}).putImageData(picture, 0, 0);
  }
  function uncover(share) {
    slide.value = share;
    over.style.clipPath = `inset(0 ${100 - slide.value}% 0 0)`;
    seam.style.left = `${slide.value}%`;
    slide.setAttribute("aria-valuetext", `${Math.round(slide.value)} % ${nameLeft.textContent}`);
  }
  for (const canvas of [under, over]) canvas.setAttribute("role", "img");
  let turn = 0;
  async function show(left, right) {
    const mine = ++turn;
    frame.ariaBusy = "true";
    const pictures = await Promise.all([drawn(right), ...(left ? [drawn(left)] : [])]);
    if (mine !== turn) return;  // something else was asked for in the meantime
    pictures.forEach((picture, i) => paint([under, over][i], picture));
    for (const part of [seam, slide, over, nameLeft]) part.hidden = !left;
    nameLeft.textContent = left ? left.name : "";
    nameRight.textContent = right.name;
    under.setAttribute("aria-label", right.name);
    over.setAttribute("aria-label", nameLeft.textContent);
    const {width, height} = under;
    frame.style.maxWidth = `min(${width * 4}px, ${(80 * width / height).toFixed(2)}vh)`;
    uncover(slide.value);
    frame.ariaBusy = "false";
  }
  slide.oninput = () => uncover(slide.value);
  slide.onkeydown = event => {
    const step = {ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2}[event.key];
    if (step) { event.preventDefault(); uncover(Number(slide.value) + step); }
  };
  frame.onpointerdown = event => {
    frame.setPointerCapture(event.pointerId);
    frame.onpointermove(event);
    slide.focus({preventScroll: true});
    event.preventDefault();
  };
  frame.onpointermove = event => {
    if (!event.buttons || slide.hidden) return;
    const {left, width} = frame.getBoundingClientRect();
    uncover(100 * (event.clientX - left) / width);
  };
  return {show};
}
