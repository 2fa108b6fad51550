// A slider and its number say the same; the button recalculates.
for (const slider of document.querySelectorAll("[data-mirrors]")) {
  const number = document.getElementById(slider.dataset.mirrors);
  slider.addEventListener("input", () => { number.value = Number(Number(slider.value).toPrecision(3)); });
  number.addEventListener("input", () => { slider.value = number.value.replace(",", "."); });
}
